//! No cluster lives longer than `max_lifetime`, counted from its creation.

use super::verdict::{Cause, Deadline};
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};

/// The hard deadline: known when the cluster is made, and moved by nothing that happens to it.
pub fn deadline(cluster: &Cluster) -> Deadline {
    let at = cluster
        .created_at
        .checked_add_signed(cluster.spec.guardrails.max_lifetime.delta())
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    Deadline {
        at,
        cause: Cause::Lifetime,
    }
}

pub fn message(cluster: &Cluster) -> String {
    format!(
        "alive since {} (max_lifetime: {})",
        cluster.created_at.format("%H:%M:%S UTC"),
        cluster.spec.guardrails.max_lifetime,
    )
}
