//! A step to add to a cluster.

use crate::model::step_command::StepCommand;

/// A step of one of EMR's runners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    /// Name of the step.
    pub name: String,
    /// ActionOnFailure.
    pub on_failure: OnFailure,
    /// The runner and its arguments.
    pub command: StepCommand,
}

/// ActionOnFailure, as far as clusterup uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// TERMINATE_CLUSTER: a failed step ends the cluster.
    TerminateCluster,
    /// CANCEL_AND_WAIT: a failed step cancels those after it; the cluster waits.
    CancelAndWait,
    /// CONTINUE: those after a failed step run.
    Continue,
}
