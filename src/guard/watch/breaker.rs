//! The circuit breaker: if more clusters would end at once than people are likely to have
//! forgotten, the observation is more likely wrong.

use super::stage::{Assessment, Force, Stage};
use crate::model::orders::Breaker;

/// A share of smaller fleets is meaningless: one forgotten cluster is all of a fleet of one.
const SMALL: usize = 3;

/// The breaker has held ends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tripped {
    /// The number of ends that depend on watching alone.
    pub requested: usize,
    /// The number of such ends that are allowed at once.
    pub allowed: usize,
    /// The number of living clusters.
    pub fleet: usize,
}

/// Holds ends back, in place: those for idleness all together if there are too many; and of the
/// others all but the first few, in the order of their deadlines.
pub fn restrain(assessment: &mut [Assessment], fleet: usize, breaker: Breaker) -> Option<Tripped> {
    let force = |assessment: &Assessment| match &assessment.stage {
        Stage::End(_, force, _) => Some(*force),
        Stage::Keep
        | Stage::Exempt
        | Stage::Unseen
        | Stage::Stuck
        | Stage::Forgotten
        | Stage::Protected
        | Stage::Adopt
        | Stage::Warn(_)
        | Stage::Grace(_)
        | Stage::Clear
        | Stage::Ending
        | Stage::Late
        | Stage::Over => None,
    };
    let requested = assessment
        .iter()
        .filter(|it| force(it) == Some(Force::Soft))
        .count();
    let allowed = allowed(fleet, breaker);
    if requested <= allowed {
        return None;
    }
    let mut hard: Vec<usize> = Vec::new();
    for (place, it) in assessment.iter_mut().enumerate() {
        match force(it) {
            Some(Force::Soft) => hold(it),
            Some(Force::Policy | Force::Hard) => hard.push(place),
            None => {}
        }
    }
    hard.sort_by_key(|place| assessment.get(*place).and_then(|it| it.ends_at));
    let max = usize::try_from(breaker.max_kills).unwrap_or(usize::MAX);
    for place in hard.into_iter().skip(max) {
        assessment.get_mut(place).into_iter().for_each(hold);
    }
    Some(Tripped {
        requested,
        allowed,
        fleet,
    })
}

/// How many clusters of a fleet may end at once for idleness.
fn allowed(fleet: usize, breaker: Breaker) -> usize {
    let max = usize::try_from(breaker.max_kills).unwrap_or(usize::MAX);
    if fleet <= SMALL {
        return max;
    }
    let share = fleet * usize::from(breaker.max_fraction.value()) / 100;
    max.min(share.max(1))
}

fn hold(assessment: &mut Assessment) {
    assessment.stage = Stage::Keep;
    assessment.evidence = format!("kept by the circuit breaker: {}", assessment.evidence);
}
