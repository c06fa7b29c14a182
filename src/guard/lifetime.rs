//! No cluster lives longer than `max_lifetime`, counted from its creation.

use super::terms::Terms;
use super::verdict::{Cause, Opinion};
use chrono::{DateTime, Utc};

/// Known when the cluster is made, and moved by nothing that happens to it.
pub fn opinion(terms: &Terms) -> Opinion {
    let most = terms.guardrails.max_lifetime;
    let at = terms.created_at.checked_add_signed(most.delta());
    Opinion {
        cause: Cause::Lifetime,
        ends_at: Some(at.unwrap_or(DateTime::<Utc>::MAX_UTC)),
        evidence: format!(
            "alive since {} (max_lifetime: {most})",
            terms.created_at.format("%H:%M:%S UTC"),
        ),
        unread: None,
    }
}
