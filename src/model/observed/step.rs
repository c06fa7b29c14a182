//! The steps of a cluster.

use crate::model::desired::JobSpec;
use crate::model::diagnosis::Diagnosis;
use crate::model::name::{JobHash, StepName};
use crate::model::retry::StepAttempt;
use crate::model::stuck::Stuck;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A step of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Step {
    /// Its name.
    pub name: StepName,
    /// The job that it belongs to.
    pub job: JobHash,
    /// The number of the job's run on this cluster, from 1.
    pub run: u32,
    /// Its state.
    pub state: StepState,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The address of the running driver's Spark UI, with its name and password.
    pub ui: Option<String>,
    /// Why it failed, in a few lines.
    pub failure: Option<String>,
    /// Why it failed, if its logs were searched for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// How it hangs, if it was found to while it ran. Only this machine records it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<Stuck>,
    /// Whether its job goes on, and can succeed, when it fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_fail: bool,
    /// What a retry changes of it; `None` in a first attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<StepAttempt>,
}

/// EMR's step states (EMR API, StepState), as far as they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepState {
    /// Not started yet.
    Pending,
    /// Running.
    Running,
    /// Completed.
    Completed,
    /// Failed.
    Failed,
    /// Never ran, because a step before it failed.
    Cancelled,
    /// Was running when its cluster ended.
    Interrupted,
}

impl Step {
    /// The steps of a run of a job, all pending.
    pub fn pending(job: &JobSpec, run: u32) -> impl Iterator<Item = Self> {
        job.steps.iter().map(move |spec| Self {
            name: spec.name.clone(),
            job: job.hash.clone(),
            run,
            state: StepState::Pending,
            started_at: None,
            ended_at: None,
            ui: None,
            failure: None,
            diagnosis: None,
            stuck: Vec::new(),
            may_fail: !spec.on_failure.is_stop(),
            attempt: spec.attempt.clone(),
        })
    }

    /// Whether it failed, and its job with it.
    pub fn has_failed_job(&self) -> bool {
        self.state == StepState::Failed && !self.may_fail
    }

    /// Whether its job can have succeeded.
    pub fn is_done(&self) -> bool {
        self.state == StepState::Completed || self.state == StepState::Failed && self.may_fail
    }
}

impl StepState {
    /// Whether the step cannot run any more.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}
