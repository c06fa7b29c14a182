//! A cluster with a lease ends when nobody has followed it for so long.

use super::verdict::{Cause, Opinion};
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};

/// None where the cluster has no lease. Whoever made it followed it then.
pub fn opinion(cluster: &Cluster) -> Option<Opinion> {
    let lease = cluster.guardrails().lease?;
    let since = cluster
        .renewed_at
        .map_or(cluster.created_at, |at| at.max(cluster.created_at));
    let at = since.checked_add_signed(lease.delta());
    Some(Opinion {
        cause: Cause::Lease,
        ends_at: Some(at.unwrap_or(DateTime::<Utc>::MAX_UTC)),
        evidence: format!(
            "followed by nobody since {} (lease: {lease})",
            since.format("%H:%M:%S UTC"),
        ),
        unread: None,
    })
}
