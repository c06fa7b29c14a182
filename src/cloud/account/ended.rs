//! Why a cluster ended: from its tombstone, or from EMR's reason and its guardrails.

use super::machines::varies;
use super::names::{self, END};
use super::safeguard_state;
use crate::cloud::api::emr;
use crate::guard::{Cause, Deadline, Ended, Terms, began_at};
use crate::model::observed::{Cluster, ClusterState, End};
use crate::model::sizes::Sizes;
use chrono::{DateTime, Utc};

/// The end of a cluster; `None` while it is live. `cluster_model` is the cluster without its end.
pub(super) fn end(
    cluster: &emr::Cluster,
    cluster_model: &Cluster,
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
        // The budget's deadline depends on the cost it would have had without ending.
        instance_spans: sizes.spans_of(&cluster_model.spec, cluster_model.created_at, None),
        ..Terms::of(cluster_model)
    };
    let power_off = safeguard_state::requested_power_off(&cluster.tags);
    let deadline = deadline(cluster, cluster_model, &terms);
    let ended = Ended {
        code: cluster.reason.as_deref(),
        message: cluster.message.as_deref(),
        began_at: began_at(&cluster_model.steps, cluster.ended_at.unwrap_or(now)),
        with_errors: cluster.state == ClusterState::TerminatedWithErrors,
        when_done: cluster_model.spec.guardrails.when_done,
        steps: &cluster_model.steps,
        terms: &terms,
        deadline,
        schedule_at: safeguard_state::may_fire_from(deadline.at),
        power_off_at: power_off
            .map(|seconds| safeguard_state::off_at(cluster_model.created_at, seconds)),
    };
    Some(ended.cause())
}

/// The last hard deadline of a cluster that has ended: if its instances varied, a budget's is the one
/// that its power-off was last moved to, as the later readings of the instances are not known.
fn deadline(cluster: &emr::Cluster, cluster_model: &Cluster, terms: &Terms) -> Deadline {
    let dearest = terms.deadline();
    let armed = safeguard_state::armed_until(cluster).filter(|_| varies(cluster));
    let Some(armed) = armed.filter(|at| dearest.cause == Cause::Budget && *at > dearest.at) else {
        return dearest;
    };
    let mut guardrails = cluster_model.guardrails();
    guardrails.budget = None;
    let others = Terms {
        guardrails,
        ..terms.clone()
    };
    let others = others.deadline();
    let budget = Deadline {
        at: armed,
        ..dearest
    };
    if others.at <= armed { others } else { budget }
}

/// An end as a tag's value.
pub(super) fn write(end: &End) -> String {
    names::value(&format!("{}: {}", end.reason.as_str(), end.message))
}

fn read(text: &str) -> Option<End> {
    let (reason, message) = text.split_once(": ")?;
    let reason = serde_json::from_value(reason.into()).ok()?;
    let message = message.trim().into();
    Some(End { reason, message })
}
