//! Why a cluster ended: what we wrote down when we ended it, or what EMR and its guardrails say.

use super::names::{self, END};
use super::safeguard_state;
use crate::cloud::api::emr;
use crate::guard::{Ended, Terms, began_at};
use crate::model::observed::{Cluster, ClusterState, End};
use crate::model::sizes::Sizes;
use chrono::{DateTime, Utc};

/// None of a cluster that lives. `known` is all else that is known of it.
pub(super) fn end(
    cluster: &emr::Cluster,
    known: &Cluster,
    sizes: &Sizes,
    now: DateTime<Utc>,
) -> Option<End> {
    if cluster.state.is_live() {
        return None;
    }
    if let Some(end) = cluster.tags.get(END).and_then(|text| read(text)) {
        return Some(end);
    }
    let terms = Terms {
        // What it would have cost had it not ended sets when its budget ends it.
        instance_spans: sizes.instance_spans(&known.spec.groups, known.created_at, None),
        ..Terms::of(known)
    };
    let asked = safeguard_state::told(&cluster.tags);
    let ended = Ended {
        code: cluster.reason.as_deref(),
        message: cluster.message.as_deref(),
        began_at: began_at(&known.steps, cluster.ended_at.unwrap_or(now)),
        with_errors: cluster.state == ClusterState::TerminatedWithErrors,
        when_done: known.spec.guardrails.when_done,
        steps: &known.steps,
        terms: &terms,
        schedule_at: safeguard_state::asks_at(terms.deadline().at),
        power_off_at: asked.map(|seconds| safeguard_state::off_at(known.created_at, seconds)),
    };
    Some(ended.cause())
}

/// An end as the tag holds it.
pub(super) fn write(end: &End) -> String {
    names::value(&format!("{}: {}", end.reason.as_str(), end.message))
}

fn read(text: &str) -> Option<End> {
    let (reason, message) = text.split_once(": ")?;
    let reason = serde_json::from_value(reason.into()).ok()?;
    let message = message.trim().into();
    Some(End { reason, message })
}
