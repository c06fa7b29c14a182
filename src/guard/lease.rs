//! The lease guard: a cluster ends when nobody has followed it for the length of its lease.

use super::Cause;
use super::terms::Terms;
use super::verdict::Opinion;
use chrono::{DateTime, Utc};

/// The opinion of the guard; `None` if the cluster has no lease. The lease begins with the
/// creation.
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
            "not followed since {} (lease: {lease})",
            since.format("%H:%M:%S UTC"),
        ),
        unread: None,
    })
}
