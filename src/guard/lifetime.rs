//! The lifetime guard: a cluster ends `max_lifetime` after its creation.

use super::Cause;
use super::terms::Terms;
use super::verdict::Opinion;
use chrono::{DateTime, Utc};

/// The opinion of the guard. The deadline is known at the creation and depends on nothing else.
pub fn opinion(terms: &Terms) -> Opinion {
    let limit = terms.guardrails.max_lifetime;
    let at = terms.created_at.checked_add_signed(limit.delta());
    Opinion {
        cause: Cause::Lifetime,
        ends_at: Some(at.unwrap_or(DateTime::<Utc>::MAX_UTC)),
        evidence: format!(
            "alive since {} (max_lifetime: {limit})",
            terms.created_at.format("%H:%M:%S UTC"),
        ),
        unread: None,
    }
}
