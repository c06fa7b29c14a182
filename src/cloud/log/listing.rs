//! What a cluster has left for a diagnosis so far.

use crate::diagnose::search::Listed;
use crate::model::evidence::{LogText, Section};
use crate::model::name::ClusterId;
use crate::model::observed::{ClusterState, StepState};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The logs of one cluster as they are now, and what the cloud itself says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogListing {
    /// The logs by their names, such as `steps/01-load/stderr`.
    pub logs: BTreeMap<String, LogVersion>,
    /// The cluster's state.
    pub state: ClusterState,
    /// When it ended, if it has ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether it ever was ready for work.
    pub was_ready: bool,
    /// Whether EMR ended it because a step failed (`STEP_FAILURE`).
    pub ended_by_step: bool,
    /// Its steps, oldest first.
    pub steps: Vec<LoggedStep>,
    /// EMR's messages about the cluster: `StateChangeReason` and `ErrorDetails`.
    pub messages: Vec<LogText>,
}

impl LogListing {
    /// The names of the logs, and when each was last written.
    pub fn names(&self) -> Listed {
        let logs = self.logs.iter();
        logs.map(|(name, version)| (name.clone(), version.modified))
            .collect()
    }
}

/// What distinguishes a log from its state before it grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogVersion {
    /// Its size as it is stored, in bytes.
    pub bytes: u64,
    /// When it was last written; `None` if the file system does not say.
    pub modified: Option<DateTime<Utc>>,
}

/// Logs that have to be downloaded before they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogs {
    /// The folder that they are in, such as `s3://bucket/logs/j-1ABC/`.
    pub folder: String,
    /// Their sizes in bytes, as they are stored, by their names.
    pub bytes: BTreeMap<String, u64>,
    /// Whether there are more logs than were listed.
    pub is_cut: bool,
}

/// The logs of the newest cluster of a stack that has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackLogs {
    /// The cluster.
    pub cluster: ClusterId,
    /// The names of its logs, those of its steps first.
    pub names: Vec<String>,
}

impl StackLogs {
    /// Those of a cluster; `None` if it has none.
    pub(in crate::cloud) fn of(
        cluster: &ClusterId,
        names: impl Iterator<Item = String>,
    ) -> Option<Self> {
        let mut names: Vec<String> = names.collect();
        // Logs of steps come first: they are most often wanted.
        names.sort_by_key(|name| (!name.starts_with("steps/"), name.clone()));
        let cluster = cluster.clone();
        (!names.is_empty()).then_some(Self { cluster, names })
    }
}

/// A step of a cluster, by whatever tool it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedStep {
    /// Its folder among the logs, such as `01-load`.
    pub folder: String,
    /// EMR's id of it, `s-…`; `None` on this machine.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: StepState,
    /// When it started, if it did.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended, if it has ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// EMR's `FailureDetails`, if they say more than that the error is unknown.
    pub failure: Option<LogText>,
}

/// What was uploaded of a running step's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploaded {
    /// Nothing yet, as far as is known.
    Absent,
    /// Nothing since it was read last.
    Unchanged,
    /// The log is too long to be read again and again.
    TooLong,
    /// Something new.
    Log(UploadedLog),
}

/// A log of a running step, as it was uploaded last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedLog {
    /// Its name, such as `steps/01-load/stderr`.
    pub name: String,
    /// When it was uploaded.
    pub at: DateTime<Utc>,
    /// Its head and tail.
    pub sections: Vec<Section>,
}
