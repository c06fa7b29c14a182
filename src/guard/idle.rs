//! The idle guard: a ready cluster without running steps ends after `idle_timeout`.

use super::Cause;
use super::verdict::Opinion;
use crate::model::observed::{Cluster, Step, StepState};
use crate::model::span::Span;
use chrono::{DateTime, Utc};

/// Since when nothing has run: the latest of the ready time and every step's start and end.
///
/// `None` if the cluster is not idle: a step runs, it is over, or it is not ready yet. Setting up
/// does not count as idle; if it hangs, the lifetime ends it. A pending step does not count as
/// work, so that a queue that never moves does not keep a cluster.
pub fn idle_since(cluster: &Cluster) -> Option<DateTime<Utc>> {
    let works = |state| matches!(state, StepState::Running);
    if !cluster.state.is_live() || cluster.steps.iter().any(|step| works(step.state)) {
        return None;
    }
    Some(latest(cluster.ready_at?, &cluster.steps))
}

/// The latest of the ready time and every step's start and end.
pub(super) fn latest(ready: DateTime<Utc>, steps: &[Step]) -> DateTime<Utc> {
    let times = steps
        .iter()
        .flat_map(|step| [step.started_at, step.ended_at]);
    times.flatten().fold(ready, DateTime::max)
}

/// The opinion of the guard. `now` is used only for the evidence; the deadline does not depend on
/// it.
pub fn opinion(now: DateTime<Utc>, cluster: &Cluster) -> Opinion {
    let timeout = cluster.guardrails().idle_timeout;
    let Some(since) = idle_since(cluster) else {
        return Opinion {
            cause: Cause::Idle,
            ends_at: None,
            evidence: format!("working (idle_timeout: {timeout})"),
            unread: None,
        };
    };
    let at = since.checked_add_signed(timeout.delta());
    Opinion {
        cause: Cause::Idle,
        ends_at: Some(at.unwrap_or(DateTime::<Utc>::MAX_UTC)),
        evidence: format!(
            "idle for {} since {} (idle_timeout: {timeout})",
            Span::from_delta(now.signed_duration_since(since)),
            since.format("%H:%M:%S UTC"),
        ),
        unread: None,
    }
}
