//! When to describe a cluster again. AWS allows about one call in two seconds for all callers of an
//! account together (AWS General Reference, "Amazon EMR endpoints and quotas").

use super::stage::{Assessment, Stage};
use super::{WatchInput, hidden, quiet_period};
use crate::guard::idle;
use crate::model::fleet::{ClusterSnapshot, Reading, Seen};
use crate::model::observed::{ClusterState, StepState};
use crate::model::orders::{Orders, UnmanagedAction};
use crate::model::place::Place;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// The interval for a cluster that nothing is expected of.
const MAX_INTERVAL: TimeDelta = TimeDelta::hours(6);
const MIN_INTERVAL: TimeDelta = TimeDelta::minutes(10);
/// A resize by somebody else moves a budget's deadline, and listings do not show it.
const BUDGET_INTERVAL: TimeDelta = TimeDelta::minutes(30);

/// When to describe a cluster again although nothing is known to have changed: half way to its next
/// change, so that a moved deadline is noticed with few calls.
pub fn look_again(
    sight_at: DateTime<Utc>,
    assessment: &Assessment,
    orders: &Orders,
) -> DateTime<Utc> {
    let halfway = |until: DateTime<Utc>| {
        let left = until.signed_duration_since(sight_at);
        let budget = orders.bound.as_ref().and_then(|bound| bound.budget);
        let max = budget.map_or(MAX_INTERVAL, |_| BUDGET_INTERVAL);
        sight_at + (left / 2).clamp(MIN_INTERVAL, max)
    };
    match &assessment.stage {
        Stage::Adopt | Stage::Warn(_) | Stage::Grace(_) | Stage::Clear | Stage::End(..) => sight_at,
        Stage::Stuck
        | Stage::Unseen
        | Stage::Exempt
        | Stage::Forgotten
        | Stage::Protected
        | Stage::Late => sight_at + MIN_INTERVAL,
        Stage::Ending | Stage::Over => sight_at + MAX_INTERVAL,
        Stage::Keep => assessment.warns_at.map_or(sight_at + MAX_INTERVAL, halfway),
    }
}

/// How far back metrics are needed to decide whether a cluster is idle.
pub fn reach(watched: &WatchInput<'_>) -> TimeDelta {
    idle_timeout(watched).delta() + watched.orders.warn_before.delta() + TimeDelta::hours(1)
}

/// Whether a cluster that was only listed has to be described: something has to be said of it or done
/// to it, and a listing is not enough for that.
pub const fn needs_description(snapshot: &ClusterSnapshot, stage: &Stage) -> bool {
    let decides_nothing = matches!(
        stage,
        Stage::Keep | Stage::Exempt | Stage::Unseen | Stage::Ending | Stage::Late | Stage::Over
    );
    !snapshot.is_described() && !decides_nothing
}

/// The shortest idle timeout that applies to a cluster.
fn idle_timeout(watched: &WatchInput<'_>) -> Span {
    let unmanaged = &watched.orders.unmanaged;
    match own_idle_timeout(watched) {
        None => unmanaged.idle_timeout,
        Some(own) if watched.snapshot.ours().is_some() => own,
        Some(own) if unmanaged.action == UnmanagedAction::Terminate => {
            own.min(unmanaged.idle_timeout)
        }
        Some(own) => own,
    }
}

/// The idle timeout of a cluster's own guardrails, or of its policies; `None` if it has none.
pub(super) fn own_idle_timeout(watched: &WatchInput<'_>) -> Option<Span> {
    let cluster = watched.snapshot.guarded()?;
    let bound = watched.orders.bound.as_ref();
    Some(bound.map_or_else(|| cluster.guardrails().idle_timeout, |it| it.idle_timeout))
}

/// Whether metrics are needed: the cluster's steps and the work that CloudWatch last showed would
/// make it idle by now, or a step has had no container for so long that it may be stuck.
pub fn wants_pulses(now: DateTime<Utc>, watched: &WatchInput<'_>) -> bool {
    let snapshot = watched.snapshot;
    let Some(ready) = snapshot.ready_at().filter(|_| snapshot.state().is_live()) else {
        return false;
    };
    let (runs_since, over) = match &snapshot.seen {
        Seen::Listed { worked_at } => {
            let runs = snapshot.state() == ClusterState::Running;
            (runs.then_some(ready), (*worked_at).max(Some(ready)))
        }
        Seen::Described { steps } => {
            let Reading::Read(steps) = steps else {
                return false;
            };
            let running = steps.iter().filter(|step| step.state == StepState::Running);
            let begun = running.filter_map(|step| step.started_at).min();
            (begun, Some(idle::latest(ready, steps)))
        }
    };
    let orders = watched.orders;
    let known = watched.metric_samples.and_then(Reading::read);
    let known = known.map_or(&[][..], Vec::as_slice);
    let is_local = snapshot.place == Place::Local;
    if let Some(begun) = runs_since {
        let held = known
            .iter()
            .rev()
            .find(|metric_sample| metric_sample.containers > 0);
        let held = held
            .filter(|_| !is_local)
            .map(|metric_sample| metric_sample.at);
        let begun = held.map_or(begun, |at| at.max(begun));
        return now - begun >= orders.stuck_after.delta();
    }
    if hidden::evidence(watched).is_some() {
        // They would decide nothing.
        return false;
    }
    let timeout = idle_timeout(watched);
    let over = over.unwrap_or(ready);
    let over = quiet_period::worked_until(known).map_or(over, |at| at.max(over));
    let idle = now - over;
    !is_local && idle >= timeout.delta() - orders.warn_before.delta()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{World, at};
    use super::*;

    #[test]
    fn a_cluster_that_only_people_can_help_is_described_again_soon() {
        let mut world = World::others();
        world.exempt("yes", None);
        let again = |world: &World| look_again(at(1_000), &world.judge(1_000), &world.orders);
        assert_eq!(again(&world), at(1_000) + TimeDelta::minutes(10));
        world.snapshot.set_state(ClusterState::Terminated);
        assert_eq!(again(&world), at(1_000) + TimeDelta::hours(6));
        // Nothing is expected of a foreign cluster whose step runs.
        let mut busy = World::others();
        busy.runs_since(310);
        assert_eq!(again(&busy), at(1_000) + TimeDelta::hours(6));
    }

    #[test]
    fn metrics_reach_back_over_the_idle_timeout_that_applies() {
        let minutes = |world: &World| reach(&world.watched()).num_minutes();
        assert_eq!(minutes(&World::others()), 60 + 5 + 60);
        assert_eq!(minutes(&World::ours()), 10 + 5 + 60);
        let mut adopted = World::adopted();
        assert_eq!(minutes(&adopted), 10 + 5 + 60);
        // The shorter of its own and that of policies which end forgotten clusters.
        adopted.orders.unmanaged.idle_timeout = Span::from_secs(300);
        assert_eq!(minutes(&adopted), 5 + 5 + 60);
        adopted.orders.unmanaged.action = UnmanagedAction::Notify;
        assert_eq!(minutes(&adopted), 10 + 5 + 60);
    }
}
