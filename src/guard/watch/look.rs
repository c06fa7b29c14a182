//! When a cluster is worth another look. AWS allows about one in two seconds to all of an account
//! together (AWS General Reference, "Amazon EMR endpoints and quotas").

use super::stage::{Assessment, Stage};
use super::{WatchInput, hidden, quiet_period};
use crate::guard::idle;
use crate::model::fleet::{Place, Reading};
use crate::model::observed::StepState;
use crate::model::orders::Orders;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// Between two looks at a cluster of which nothing is expected.
const SELDOM: TimeDelta = TimeDelta::hours(6);
const OFTEN: TimeDelta = TimeDelta::minutes(10);
/// A resize by another hand brings a budget's deadline nearer, and no listing tells of it.
const BUDGETED: TimeDelta = TimeDelta::minutes(30);

/// From when on a cluster is looked at again though nothing is known to have changed. Half the way
/// to its next change, so that a deadline which is moved is noticed, in few looks.
pub fn look_again(
    sight_at: DateTime<Utc>,
    assessment: &Assessment,
    orders: &Orders,
) -> DateTime<Utc> {
    let halfway = |until: DateTime<Utc>| {
        let left = until.signed_duration_since(sight_at);
        let budget = orders.bound.as_ref().and_then(|bound| bound.budget);
        let most = budget.map_or(SELDOM, |_| BUDGETED);
        sight_at + (left / 2).clamp(OFTEN, most)
    };
    match &assessment.stage {
        Stage::Warn(_) | Stage::Grace(_) | Stage::Clear | Stage::End(..) => sight_at,
        Stage::Stuck
        | Stage::Unseen
        | Stage::Exempt
        | Stage::Forgotten
        | Stage::Protected
        | Stage::Late => sight_at + OFTEN,
        Stage::Ending | Stage::Over => sight_at + SELDOM,
        Stage::Keep => assessment.warns_at.map_or(sight_at + SELDOM, halfway),
    }
}

/// How far back what ran on a cluster has to be known, so that it can be told to idle at all.
pub fn reach(watched: &WatchInput<'_>) -> TimeDelta {
    idle_timeout(watched).delta() + watched.orders.warn_before.delta() + TimeDelta::hours(1)
}

pub(super) fn idle_timeout(watched: &WatchInput<'_>) -> Span {
    let orders = watched.orders;
    match (watched.snapshot.ours(), &orders.bound) {
        (Some(_), Some(bound)) => bound.idle_timeout,
        (Some(cluster), None) => cluster.guardrails().idle_timeout,
        (None, _) => orders.unmanaged.idle_timeout,
    }
}

/// Whether what runs on a cluster has to be known: where its steps, and the work that CloudWatch
/// showed last, would make it idle by now, and where a step has had no container for so long that it
/// may be stuck.
pub fn wants_pulses(now: DateTime<Utc>, watched: &WatchInput<'_>) -> bool {
    let snapshot = watched.snapshot;
    let (Some(ready), Reading::Read(steps)) = (snapshot.ready_at(), &snapshot.steps) else {
        return false;
    };
    if !snapshot.state().is_live() {
        return false;
    }
    let orders = watched.orders;
    let known = watched.metric_samples.and_then(Reading::read);
    let known = known.map_or(&[][..], Vec::as_slice);
    let is_local = snapshot.place == Place::Local;
    let running = steps.iter().filter(|step| step.state == StepState::Running);
    if let Some(begun) = running.filter_map(|step| step.started_at).min() {
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
    let over = idle::latest(ready, steps);
    let over = quiet_period::worked_until(known).map_or(over, |at| at.max(over));
    let idle = now - over;
    !is_local && idle >= timeout.delta() - orders.warn_before.delta()
}
