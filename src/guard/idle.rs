//! A cluster that could work and does not is ended after `idle_timeout`.

use super::verdict::{Cause, Deadline};
use crate::model::observed::{Cluster, StepState};
use crate::model::span::Span;
use chrono::{DateTime, Utc};

/// Since when nothing has run: the latest of the ready time and every step's start and end.
///
/// None where it is not idle: a step runs, it is over, or it is not ready yet, for setting up is
/// not idling (a setup that hangs is for the lifetime to end). A pending step does not count as
/// work: a queue that never moves must not keep a cluster.
pub fn idle_since(cluster: &Cluster) -> Option<DateTime<Utc>> {
    let works = |state| matches!(state, StepState::Running);
    if !cluster.state.is_live() || cluster.steps.iter().any(|step| works(step.state)) {
        return None;
    }
    let ready = cluster.ready_at?;
    let times = cluster
        .steps
        .iter()
        .flat_map(|step| [step.started_at, step.ended_at]);
    Some(times.flatten().fold(ready, DateTime::max))
}

pub fn deadline(cluster: &Cluster) -> Option<Deadline> {
    let at = idle_since(cluster)?
        .checked_add_signed(cluster.spec.guardrails.idle_timeout.delta())
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    Some(Deadline {
        at,
        cause: Cause::Idle,
    })
}

pub fn message(now: DateTime<Utc>, cluster: &Cluster) -> String {
    let since = idle_since(cluster).unwrap_or(now);
    format!(
        "idle for {} since {} (idle_timeout: {})",
        Span::from_delta(now.signed_duration_since(since)),
        since.format("%H:%M:%S UTC"),
        cluster.spec.guardrails.idle_timeout,
    )
}
