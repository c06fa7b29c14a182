//! Everything worth telling, on one stream. Progress, JSON and logs are its readers.

use super::action::Action;
use super::hint::Hint;
use super::name::{ClusterId, StepName};
use super::observed::{ClusterState, End, StepState};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Something long goes forward: `done` of `total` (bytes, mostly), `total` being 0 when unknown.
    Progress {
        what: String,
        done: u64,
        total: u64,
    },
    ActionStarted {
        action: Action,
    },
    ActionDone {
        action: Action,
    },
    Cluster {
        id: ClusterId,
        state: ClusterState,
        end: Option<End>,
    },
    Step {
        name: StepName,
        state: StepState,
        failure: Option<String>,
    },
    Spark {
        name: StepName,
        ui: String,
        progress: SparkProgress,
    },
    /// Something that was to be done could not be, and the rest goes on.
    Warning {
        what: String,
        next: Option<Hint>,
    },
    Home {
        to: PathBuf,
    },
    /// A call has had no answer for two seconds.
    Silent {
        call: String,
        attempt: u32,
        of: u32,
    },
    /// A call was not answered as it should be, and is made again after a pause.
    Retrying {
        call: String,
        /// The one to come, from 2, `of` so many.
        attempt: u32,
        of: u32,
        why: String,
    },
}

/// How far a Spark application has come, from its own REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SparkProgress {
    pub stages_done: u64,
    pub stages: u64,
    pub tasks_done: u64,
    pub tasks: u64,
}

/// Who listens to events.
pub trait Listener {
    fn on_event(&self, event: &Event);
}

/// Nobody listens.
pub struct NoListener;

impl Listener for NoListener {
    fn on_event(&self, _: &Event) {}
}
