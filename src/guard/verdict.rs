//! What the guards say of a cluster.

use crate::model::observed::EndReason;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Keep { deadline: Deadline },
    Terminate { reason: EndReason, message: String },
}

/// The instant by which a cluster must be gone as things stand, and the guardrail that set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Deadline {
    pub at: DateTime<Utc>,
    pub cause: Cause,
}

/// What one guard says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opinion {
    pub cause: Cause,
    /// When the cluster must be gone; none where this guard sets no end, as things stand.
    pub ends_at: Option<DateTime<Utc>>,
    /// What that rests on, such as `alive since 04:00:00 UTC (max_lifetime: 2h)`.
    pub evidence: String,
    /// What it would have had to know and could not read.
    pub unread: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
/// As the stack calls it.
pub enum Cause {
    #[serde(rename = "max_lifetime")]
    Lifetime,
    Budget,
    OffHours,
    Lease,
    #[serde(rename = "idle_timeout")]
    Idle,
}

impl Cause {
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

/// As the stack calls it.
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
