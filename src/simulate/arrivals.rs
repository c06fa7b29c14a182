//! Makes a history of clusters that might be: stacks, and how often they are created.

use super::check::{Flaw, MAX_CLUSTERS};
use super::history::{BusySpan, History, PastCluster, Requested};
use crate::model::application::Application;
use crate::model::desired::InstanceGroups;
use crate::model::instance_span::InstanceSpan;
use crate::model::name::ClusterId;
use crate::model::percent::Percent;
use crate::model::place::Place;
use crate::model::rates::Rates;
use crate::model::span::Span;
use crate::model::stack::Stack;
use crate::model::worst_mix;
use chrono::{DateTime, TimeDelta, Utc};

/// A stack whose clusters arrive.
pub struct Arriving<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Its cluster's rates; `None` if one of its prices is unknown.
    pub rates: Option<Rates>,
    /// How long a cluster is charged after its end is requested.
    pub ending: Span,
    /// How many are created in a day.
    pub per_day: u32,
}

/// What becomes of the clusters of each stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// The shortest and the longest job.
    pub job: (Span, Span),
    /// How many of them are forgotten when their job is done; `None` for none.
    pub forgotten: Option<Percent>,
    /// After how long somebody notices a forgotten one and ends it.
    pub found_after: Span,
}

/// How long a cluster takes to start. EMR's usually take five to ten minutes.
const START: TimeDelta = TimeDelta::minutes(7);
/// How long it takes until people end a cluster that they have not forgotten.
const ATTENDED: TimeDelta = TimeDelta::minutes(5);

/// A history of clusters that arrive from an instant until another, the same for the same seed. Without
/// guardrails, they run until somebody ends them. Each job is followed until it is done.
///
/// # Errors
/// Returns [`Flaw::Clusters`] if they are too many to be played.
pub fn arrive(
    stacks: &[Arriving<'_>],
    pattern: &Pattern,
    place: Place,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    seed: u64,
) -> Result<History, Flaw> {
    let mut random = Random(seed);
    let mut clusters = Vec::new();
    let length = (until - from).num_seconds().max(1).unsigned_abs();
    let days = (until - from).num_days().max(1).unsigned_abs();
    let count = |it: &Arriving<'_>| u64::from(it.per_day).saturating_mul(days);
    let all = stacks.iter().map(count).fold(0, u64::saturating_add);
    let all = usize::try_from(all).unwrap_or(usize::MAX);
    if all > MAX_CLUSTERS {
        return Err(Flaw::Clusters(all));
    }
    for arriving in stacks {
        for _ in 0..count(arriving) {
            let created_at = from + seconds(random.below(length));
            let number = clusters.len();
            let Ok(id) = format!("j-SIMULATED{number:06}").parse() else {
                continue;
            };
            clusters.push(one(arriving, pattern, (id, created_at), until, &mut random));
        }
    }
    Ok(History::new(place, from, until, clusters))
}

fn one(
    arriving: &Arriving<'_>,
    pattern: &Pattern,
    (id, created_at): (ClusterId, DateTime<Utc>),
    until: DateTime<Utc>,
    random: &mut Random,
) -> PastCluster {
    let stack = arriving.stack;
    let groups = InstanceGroups::of(&stack.cluster);
    let (shortest, longest) = pattern.job;
    let range = longest.as_secs().saturating_sub(shortest.as_secs());
    let job = shortest.as_secs() + random.below(range.saturating_add(1));
    let ready_at = created_at + START;
    let done_at = ready_at + seconds(job);
    let is_forgotten = random.below(100) < pattern.forgotten.map_or(0, |it| it.value().into());
    let idle = if is_forgotten {
        pattern.found_after.delta()
    } else {
        ATTENDED
    };
    let over_at = Some(done_at + idle).filter(|at| *at < until);
    let spans = worst_mix::spans(&groups, arriving.rates.as_ref(), created_at, None);
    let close = |span: InstanceSpan| InstanceSpan {
        until: over_at,
        ..span
    };
    let spark = Application::seen("Spark");
    let others = stack.cluster.emr.software.applications.iter().cloned();
    PastCluster {
        id,
        stack: Some(stack.name.clone()),
        name: stack.name.as_str().into(),
        team: stack.team.clone(),
        owner: None,
        created_at,
        ready_at: Some(ready_at).filter(|at| *at <= until),
        ended_at: over_at,
        end: None,
        rates: arriving.rates.clone(),
        ending: arriving.ending,
        spans: spans.into_iter().map(close).collect(),
        guardrails: Some(stack.guardrails.clone()),
        requested: Some(Requested {
            release: stack.cluster.release.clone(),
            groups,
            tags: stack.tags.clone(),
        }),
        tags: stack.tags.clone(),
        protected: stack.cluster.termination_protection,
        applications: std::iter::once(spark).chain(others).collect(),
        busy: vec![BusySpan {
            from: ready_at,
            until: Some(done_at).filter(|at| *at <= until),
        }],
        followed_at: Some(done_at.min(until)),
        overridden: None,
    }
}

fn seconds(seconds: u64) -> TimeDelta {
    Span::from_secs(seconds).delta()
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}
