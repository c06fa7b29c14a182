//! The off-hours guard: a cluster ends when off hours begin. A cluster that was created within them
//! ends when they begin next.

use super::Cause;
use super::terms::Terms;
use super::verdict::Opinion;
use crate::model::hours::OffHours;

/// The opinion of the guard; `None` if neither stack nor policy has off hours. Of several, the
/// earliest applies.
pub fn opinion(terms: &Terms) -> Option<Opinion> {
    let begins = |off: &&OffHours| off.next_start(terms.created_at);
    let all = terms.guardrails.off_hours.iter();
    let off = all.min_by_key(|off| (begins(off).is_none(), begins(off)))?;
    Some(Opinion {
        cause: Cause::OffHours,
        ends_at: off.next_start(terms.created_at),
        evidence: format!("off hours have begun ({off})"),
        unread: None,
    })
}
