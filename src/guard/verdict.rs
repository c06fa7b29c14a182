//! What the guards say of a cluster.

use crate::model::observed::EndReason;
use chrono::{DateTime, Utc};
use serde::Serialize;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Lifetime,
    Idle,
}
