//! Events on one stream. Progress, JSON and logs read from it.

use super::action::Action;
use super::hint::Hint;
use super::job_now::JobNow;
use super::name::{ClusterId, StepName};
use super::observed::{ClusterState, End, StepState};
use super::stuck::Stuck;
use serde::Serialize;
use std::path::PathBuf;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A long operation makes progress.
    Progress {
        /// What is done, such as an upload.
        what: String,
        /// How much is done, in bytes in most cases.
        done: u64,
        /// The total, or 0 if it is unknown.
        total: u64,
    },
    /// A long operation on many things, such as clusters, makes progress.
    Counted {
        /// What is done, such as reading clusters.
        what: String,
        /// How many are done.
        done: u64,
        /// How many there are.
        total: u64,
    },
    /// An action of the plan begins.
    ActionStarted {
        /// The action.
        action: Action,
    },
    /// An action of the plan is done.
    ActionDone {
        /// The action.
        action: Action,
    },
    /// A cluster's state has changed.
    Cluster {
        /// The cluster.
        id: ClusterId,
        /// Its new state.
        state: ClusterState,
        /// Why it ends, if it does.
        end: Option<End>,
    },
    /// A step's state has changed.
    Step {
        /// The step.
        name: StepName,
        /// Its new state.
        state: StepState,
        /// Why it failed, if it did.
        failure: Option<String>,
    },
    /// A job that is followed was observed. This comes with each poll, also if nothing has changed.
    Job {
        /// What it does.
        now: Box<JobNow>,
    },
    /// A step hangs. Each way in which it does is reported once.
    Stuck {
        /// The step.
        name: StepName,
        /// How it hangs, and why.
        stuck: Box<Stuck>,
    },
    /// Something could not be done, and the rest goes on.
    Warning {
        /// What could not be done, and why.
        what: String,
        /// How to fix it.
        next: Option<Hint>,
    },
    /// Results were downloaded.
    Home {
        /// The folder on this machine.
        to: PathBuf,
    },
    /// A call has not been answered for two seconds.
    Silent {
        /// The call, in words.
        call: String,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The maximum number of attempts.
        of: u32,
    },
    /// A call failed and is repeated after a pause.
    Retrying {
        /// The call, in words.
        call: String,
        /// The number of the next attempt, from 2.
        attempt: u32,
        /// The maximum number of attempts.
        of: u32,
        /// Why it failed.
        why: String,
    },
}

/// The progress of a Spark application, from its REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SparkProgress {
    /// The number of Spark jobs that have ended.
    pub jobs_done: u64,
    /// The number of Spark jobs that were started.
    pub jobs: u64,
    /// What is done, in thousandths of a Spark job: those that have ended, and of each that runs the
    /// part of its tasks that is done. It does not fall as the application goes on.
    pub done: u64,
    /// The number of completed stages.
    pub stages_done: u64,
    /// The number of known stages.
    pub stages: u64,
    /// The number of completed tasks.
    pub tasks_done: u64,
    /// The number of known tasks.
    pub tasks: u64,
}

/// Receives events.
pub trait Listener {
    /// Is called with each event.
    fn on_event(&self, event: &Event);

    /// Reports what is waited for, or done without a measure.
    fn on_wait(&self, what: String) {
        self.on_event(&Event::Progress {
            what,
            done: 0,
            total: 0,
        });
    }
}

/// Ignores all events.
pub struct NoListener;

impl Listener for NoListener {
    fn on_event(&self, _: &Event) {}
}
