//! Jobs that hang: a step runs, and nothing that it waits for will come.

use super::diagnosis::{Confidence, Diagnosis};
use super::name::StepName;
use super::observed::{End, EndReason};
use super::words::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// How a step hangs. The words are also the ids of the rules that recognise it.
    pub enum StuckKind {
        /// No executor is granted.
        NoExecutors = "no-executors",
        /// YARN does not admit the application master.
        MasterNotAdmitted = "master-not-admitted",
        /// All executors were lost, and no other one was granted.
        ExecutorsLost = "executors-lost",
        /// Executors die one after another, and no task ends.
        ExecutorsDie = "executors-die",
        /// A thread of the driver ended for lack of memory.
        DriverThreadDied = "driver-thread-died",
    }
}

impl StuckKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::NoExecutors,
        Self::MasterNotAdmitted,
        Self::ExecutorsLost,
        Self::ExecutorsDie,
        Self::DriverThreadDied,
    ];
}

words! {
    /// What happens to a job that hangs.
    #[derive(Default)]
    pub enum OnStuck {
        /// It is reported.
        #[default]
        Report = "report",
        /// It is reported, and its cluster ends.
        End = "end",
    }
}

impl OnStuck {
    /// Whether it is only reported.
    pub const fn is_report(&self) -> bool {
        matches!(self, Self::Report)
    }
}

/// A step that hangs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// How it hangs.
    pub kind: StuckKind,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, the lines that show it, and what fixes it.
    pub diagnosis: Diagnosis,
}

impl Stuck {
    /// The end of the cluster for this reason, if the job asks for it and the cause is likely.
    pub fn end(&self, on_stuck: OnStuck, step: &StepName) -> Option<End> {
        let ends = on_stuck == OnStuck::End && self.diagnosis.confidence >= Confidence::Likely;
        ends.then(|| End {
            reason: EndReason::Stuck,
            message: format!("step {step} is stuck: {}", self.diagnosis.cause).into(),
        })
    }
}
