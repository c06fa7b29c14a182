//! The verdict of the guards on a cluster.

use super::Cause;
use crate::model::observed::EndReason;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Whether a cluster may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on until the deadline.
    Keep {
        /// When it must have ended.
        deadline: Deadline,
    },
    /// It must end now.
    Terminate {
        /// Why.
        reason: EndReason,
        /// The evidence, such as `alive since 04:00:00 UTC (max_lifetime: 2h)`.
        message: String,
    },
}

/// The instant by which a cluster must have ended as things stand, and the guardrail that set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Deadline {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The guardrail.
    pub cause: Cause,
}

/// The opinion of one guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// The guard.
    pub cause: Cause,
    /// When the cluster must have ended; `None` if this guard sets no end as things stand.
    pub ends_at: Option<DateTime<Utc>>,
    /// The evidence, such as `alive since 04:00:00 UTC (max_lifetime: 2h)`.
    pub evidence: String,
    /// What the guard needs and could not read.
    pub unread: Option<String>,
}
