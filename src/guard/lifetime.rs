//! No cluster lives longer than `max_lifetime`, counted from its creation.

use super::verdict::{Cause, Opinion};
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};

/// Known when the cluster is made, and moved by nothing that happens to it.
pub fn opinion(cluster: &Cluster) -> Opinion {
    let most = cluster.guardrails().max_lifetime;
    let at = cluster.created_at.checked_add_signed(most.delta());
    Opinion {
        cause: Cause::Lifetime,
        ends_at: Some(at.unwrap_or(DateTime::<Utc>::MAX_UTC)),
        evidence: format!(
            "alive since {} (max_lifetime: {most})",
            cluster.created_at.format("%H:%M:%S UTC"),
        ),
        unread: None,
    }
}
