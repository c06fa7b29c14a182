//! How long a cluster's instances ran, from which the meter computes costs.

use super::instance::InstanceType;
use super::words::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// The role of an instance in a cluster (EMR API, InstanceRoleType; the primary is EMR's
    /// `MASTER`).
    #[derive(Hash)]
    pub enum Role {
        /// The primary node, which coordinates the cluster.
        Primary = "primary",
        /// A core node, which runs work and stores HDFS.
        Core = "core",
        /// A task node, which only runs work.
        Task = "task",
    }
}

impl Role {
    /// All roles, the primary first.
    pub const ALL: [Self; 3] = [Self::Primary, Self::Core, Self::Task];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A number of instances of one role that were launched together and, if they ended, ended
/// together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstanceSpan {
    /// Their role.
    pub role: Role,
    /// When they were launched, from which on they are charged.
    pub from: DateTime<Utc>,
    /// When they ended; `None` while they run.
    pub until: Option<DateTime<Utc>>,
    /// The number of instances.
    pub count: u16,
    /// Their type, if the role may have several; `None` for the role's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<InstanceType>,
}

impl InstanceSpan {
    /// Whether they run at an instant.
    pub fn runs_at(&self, instant: DateTime<Utc>) -> bool {
        self.from <= instant && self.until.is_none_or(|until| instant < until)
    }
}
