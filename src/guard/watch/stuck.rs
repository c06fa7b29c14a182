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

#[cfg(test)]
mod tests {
    use super::super::sample::World;
    use super::*;
    use crate::guard::sample::{at, step};
    use crate::model::fleet::Reading;

    /// The step's finished tasks on this machine, every five minutes from 600 s on.
    fn says(done: &[Option<u64>]) -> Option<String> {
        let mut world = World::ours();
        world.snapshot.place = Place::Local;
        world.runs_since(310);
        let point = |(n, done): (i64, &Option<u64>)| MetricSample {
            at: at(600 + 300 * n),
            apps: 1,
            containers: 1,
            done: *done,
        };
        let points = (0..).zip(done).map(point).collect();
        world.metric_samples = Some(Reading::Read(points));
        evidence(at(2_110), &world.watched())
    }

    #[test]
    fn on_this_machine_a_step_is_stuck_without_finished_tasks() {
        let stuck = "step work has run for 30m, and for 30m without a finished task";
        assert_eq!(says(&[Some(7); 6]).as_deref(), Some(stuck));
        assert_eq!(says(&[None; 6]), None);
        let mut one_more = [Some(7); 6];
        one_more[5] = Some(8);
        assert_eq!(says(&one_more), None);
    }

    #[test]
    fn points_have_to_cover_the_whole_period() {
        let mut world = World::ours();
        world.runs_since(310);
        let mut says = |times: &[i64]| {
            world.quiet_until(3_900);
            if let Some(Reading::Read(points)) = &mut world.metric_samples {
                points.retain(|point| times.iter().any(|time| point.at == at(*time)));
            }
            evidence(at(3_900), &world.watched()).is_some()
        };
        // Of half an hour, up to ten minutes may be missing at each end: from 2,100 to 3,900 s.
        assert!(says(&[2_700, 3_000, 3_300]));
        assert!(!says(&[3_000, 3_300, 3_600, 3_900]));
        assert!(!says(&[2_100, 2_400, 2_700, 3_000]));
        // Two points are too few.
        assert!(!says(&[2_700, 3_300]));
        assert!(!says(&[2_100, 3_900]));
    }

    #[test]
    fn the_step_that_has_run_for_the_longest_counts() {
        let steps = [
            (StepState::Completed, 1),
            (StepState::Running, 700),
            (StepState::Running, 400),
        ];
        let steps = steps.map(|(state, from)| step(state, Some(from), None));
        let found = running_longest(&steps).unwrap();
        assert_eq!(found.started_at, Some(at(400)));
        assert_eq!(running_longest(&steps[..1]), None);
    }
}
