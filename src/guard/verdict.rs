//! The verdict of the guards on a cluster.

use crate::model::observed::EndReason;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fmt;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
/// A guardrail, named as in the stack.
pub enum Cause {
    /// `max_lifetime`.
    #[serde(rename = "max_lifetime")]
    Lifetime,
    /// `budget`.
    Budget,
    /// `off_hours`.
    OffHours,
    /// `lease`.
    Lease,
    /// `idle_timeout`.
    #[serde(rename = "idle_timeout")]
    Idle,
}

impl Cause {
    /// The reason of an end by this guardrail.
    pub const fn reason(self) -> EndReason {
        match self {
            Self::Lifetime => EndReason::MaxLifetime,
            Self::Budget => EndReason::Budget,
            Self::OffHours => EndReason::OffHours,
            Self::Lease => EndReason::Lease,
            Self::Idle => EndReason::IdleTimeout,
        }
    }
}

/// The name as in the stack.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lifetime => "max_lifetime",
            Self::Budget => "budget",
            Self::OffHours => "off_hours",
            Self::Lease => "lease",
            Self::Idle => "idle_timeout",
        })
    }
}
