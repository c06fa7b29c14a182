//! How long a cluster's instances lived: what the meter counts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an instance of a cluster is there for (EMR API, InstanceRoleType; the primary is EMR's
/// `MASTER`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Primary,
    Core,
    Task,
}

impl Role {
    /// The primary first.
    pub const ALL: [Self; 3] = [Self::Primary, Self::Core, Self::Task];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Core => "core",
            Self::Task => "task",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// So many instances of one role that began together and, where they ended, ended together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSpan {
    pub role: Role,
    /// When they were launched, from when on they are charged.
    pub from: DateTime<Utc>,
    /// When they were gone; none while they live.
    pub until: Option<DateTime<Utc>>,
    pub count: u16,
}

impl InstanceSpan {
    /// Whether they run at an instant.
    pub fn runs_at(&self, instant: DateTime<Utc>) -> bool {
        self.from <= instant && self.until.is_none_or(|until| instant < until)
    }
}
