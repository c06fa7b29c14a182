//! A cluster with a lease ends when nobody has followed it for so long.

use super::terms::Terms;
use super::verdict::{Cause, Opinion};
use chrono::{DateTime, Utc};

/// None where the cluster has no lease. Whoever made it followed it then.
pub fn opinion(terms: &Terms) -> Option<Opinion> {
    let lease = terms.guardrails.lease?;
    let since = terms
        .renewed_at
        .map_or(terms.created_at, |at| at.max(terms.created_at));
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
