//! What a followed job does, as of one poll.

use super::event::SparkProgress;
use super::name::{JobHash, StepName};
use super::observed::Cluster;
use super::shown::Untrusted;
use super::span::Span;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// What a followed job does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobNow {
    /// When it was observed.
    pub at: DateTime<Utc>,
    /// The cluster, with the steps of the job and of others.
    pub cluster: Cluster,
    /// The job.
    pub job: JobHash,
    /// Whether the cluster costs nothing, as on this machine.
    pub is_free: bool,
    /// The first of its steps that run.
    pub running: Option<StepNow>,
    /// How long clusters take to start.
    pub usual_start: UsualStart,
    /// About how long the job still runs; `None` if nothing says so.
    pub left: Option<TimeLeft>,
}

/// What a running step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepNow {
    /// Its name.
    pub name: StepName,
    /// The address of its Spark UI, with the name and the password in it left out.
    pub ui: Option<String>,
    /// How far its Spark application is, if this machine can read that.
    pub spark: Option<SparkProgress>,
    /// The last lines that it has printed, if this machine can read them.
    pub printed: Vec<Untrusted>,
}

/// How long clusters take from their creation until they are ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum UsualStart {
    /// As long as the stack's earlier clusters in the same place.
    Recorded(Span),
    /// As long as EMR's clusters do in most cases.
    OfEmr(Span),
    /// Not worth a word: a few seconds.
    Soon,
}

/// About how long something still takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TimeLeft {
    /// The time from the instant of the observation.
    pub left: Span,
    /// What that is known from.
    pub basis: Basis,
    /// Whether it is the time of all steps that are left: else of the running one alone.
    pub is_whole: bool,
}

/// What a time is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Basis {
    /// An earlier run of the same steps.
    LastRun,
    /// What the step prints, such as `pass 7 of 30`.
    Printed {
        /// The number of what is done.
        done: u64,
        /// The number of all.
        of: u64,
    },
}
