//! Steps that run without progress. Such a cluster is not idle, so its lifetime and budget end it,
//! but people are notified.

use super::WatchInput;
use crate::model::fleet::{ClusterSnapshot, MetricSample, Seen};
use crate::model::observed::{ClusterState, Step, StepState};
use crate::model::place::Place;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// The minimum number of points in the period.
const MIN_POINTS: usize = 3;

/// The evidence that a step is stuck; `None` if it is not, or unknown.
pub(super) fn evidence(now: DateTime<Utc>, watched: &WatchInput<'_>) -> Option<String> {
    let after = watched.orders.stuck_after;
    let (step, begun) = running(watched.snapshot)?;
    let from = now - after.delta();
    if begun > from {
        return None;
    }
    let metric_samples = watched.metric_samples?.read()?;
    let within: Vec<&MetricSample> = metric_samples
        .iter()
        .filter(|metric_sample| metric_sample.at >= from)
        .collect();
    let first = within.first()?;
    let last = within.last()?;
    let margin = TimeDelta::seconds(i64::try_from(after.as_secs() / 3).unwrap_or(i64::MAX));
    if within.len() < MIN_POINTS || first.at - from > margin || now - last.at > margin {
        return None;
    }
    let what = if watched.snapshot.place == Place::Local {
        let same = within
            .iter()
            .all(|metric_sample| metric_sample.done == first.done);
        (same && first.done.is_some()).then_some("without a finished task")?
    } else {
        let none = within
            .iter()
            .all(|metric_sample| metric_sample.containers == 0);
        none.then_some("without a container")?
    };
    Some(format!(
        "{step} has run for {}, and for {after} {what}",
        Span::from_delta(now.signed_duration_since(begun)),
    ))
}

/// The step that has run for the longest, and since when. Of a cluster that was only listed, the step
/// is unknown: it may run since the cluster was ready.
fn running(snapshot: &ClusterSnapshot) -> Option<(String, DateTime<Utc>)> {
    match &snapshot.seen {
        Seen::Described { steps } => {
            let step = running_longest(steps.read()?)?;
            Some((format!("step {}", step.name), step.started_at?))
        }
        Seen::Listed { .. } => {
            let runs = snapshot.state() == ClusterState::Running;
            runs.then(|| Some(("a step".to_owned(), snapshot.ready_at()?)))?
        }
    }
}

fn running_longest(steps: &[Step]) -> Option<&Step> {
    let running = steps.iter().filter(|step| step.state == StepState::Running);
    running.min_by_key(|step| step.started_at)
}
