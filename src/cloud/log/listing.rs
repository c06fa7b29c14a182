//! What a cluster has left for a diagnosis so far.

use crate::model::evidence::LogText;
use crate::model::observed::{ClusterState, StepState};
use std::collections::BTreeSet;

/// The logs of one cluster as they are now, and what the cloud itself says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogListing {
    /// The names of the logs, such as `steps/01-load/stderr`.
    pub names: BTreeSet<String>,
    /// The cluster's state.
    pub state: ClusterState,
    /// Whether it ever was ready for work.
    pub was_ready: bool,
    /// Its steps, oldest first.
    pub steps: Vec<LoggedStep>,
    /// EMR's messages about the cluster: `StateChangeReason` and `ErrorDetails`.
    pub messages: Vec<LogText>,
}

/// A step of a cluster, by whatever tool it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedStep {
    /// Its folder among the logs, such as `01-load`.
    pub folder: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: StepState,
    /// EMR's `FailureDetails`, if they say more than that the error is unknown.
    pub failure: Option<LogText>,
}
