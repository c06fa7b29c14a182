//! A cluster ends when off hours begin. One that was made within them was meant to run, and ends
//! when they begin next.

use super::terms::Terms;
use super::verdict::{Cause, Opinion};

/// None where the stack has no off hours.
pub fn opinion(terms: &Terms) -> Option<Opinion> {
    let off = terms.guardrails.off_hours.as_ref()?;
    Some(Opinion {
        cause: Cause::OffHours,
        ends_at: off.next_start(terms.created_at),
        evidence: format!("off hours have begun ({} {})", off.terminate, off.timezone),
        unread: None,
    })
}
