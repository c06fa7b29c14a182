//! A cluster ends when off hours begin. One that was made within them was meant to run, and ends
//! when they begin next.

use super::verdict::{Cause, Opinion};
use crate::model::observed::Cluster;

/// None where the stack has no off hours.
pub fn opinion(cluster: &Cluster) -> Option<Opinion> {
    let off = cluster.guardrails().off_hours?;
    Some(Opinion {
        cause: Cause::OffHours,
        ends_at: off.next_start(cluster.created_at),
        evidence: format!("off hours have begun ({} {})", off.terminate, off.timezone),
        unread: None,
    })
}
