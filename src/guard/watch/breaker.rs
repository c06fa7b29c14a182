//! When more clusters would end at once than people are likely to have forgotten, the picture is
//! more likely wrong than they are.

use super::stage::{Assessment, Force, Stage};
use crate::model::orders::Breaker;

/// Smaller fleets have no meaningful share: one forgotten cluster is all of a fleet of one.
const SMALL: usize = 3;

/// That the breaker held ends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tripped {
    /// Ends that rested on watching alone.
    pub wanted: usize,
    pub allowed: usize,
    /// Of the clusters that live.
    pub fleet: usize,
}

/// Holds ends back, in place: those for idling all together where they are too many, and then, of
/// the others, all but the first few, which come in the order of their deadlines.
pub fn restrain(assessment: &mut [Assessment], fleet: usize, breaker: Breaker) -> Option<Tripped> {
    let force = |assessment: &Assessment| match &assessment.stage {
        Stage::End(_, force, _) => Some(*force),
        Stage::Keep
        | Stage::Exempt
        | Stage::Unseen
        | Stage::Stuck
        | Stage::Forgotten
        | Stage::Protected
        | Stage::Warn(_)
        | Stage::Grace(_)
        | Stage::Clear
        | Stage::Ending
        | Stage::Late
        | Stage::Over => None,
    };
    let wanted = assessment
        .iter()
        .filter(|it| force(it) == Some(Force::Soft))
        .count();
    let allowed = allowed(fleet, breaker);
    if wanted <= allowed {
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
    let most = usize::try_from(breaker.max_kills).unwrap_or(usize::MAX);
    for place in hard.into_iter().skip(most) {
        assessment.get_mut(place).into_iter().for_each(hold);
    }
    Some(Tripped {
        wanted,
        allowed,
        fleet,
    })
}

/// How many clusters of a fleet may end at once for idling.
fn allowed(fleet: usize, breaker: Breaker) -> usize {
    let most = usize::try_from(breaker.max_kills).unwrap_or(usize::MAX);
    if fleet <= SMALL {
        return most;
    }
    let share = fleet * usize::from(breaker.max_fraction.value()) / 100;
    most.min(share.max(1))
}

fn hold(assessment: &mut Assessment) {
    assessment.stage = Stage::Keep;
    assessment.evidence = format!("the breaker keeps it: {}", assessment.evidence);
}
