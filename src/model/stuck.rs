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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stuck {
    /// How it hangs.
    pub kind: StuckKind,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether its cluster ends for it: at once if its log is read as it is written, otherwise if it
    /// lasts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends: bool,
    /// Why, the lines that show it, and what fixes it.
    pub diagnosis: Diagnosis,
}

impl Stuck {
    /// The same with the decision whether its cluster ends: if the job asks for it and the cause is
    /// likely.
    #[must_use]
    pub fn decided(self, on_stuck: OnStuck) -> Self {
        let ends = on_stuck == OnStuck::End && self.diagnosis.confidence >= Confidence::Likely;
        Self { ends, ..self }
    }

    /// The end of the cluster for this reason, if it ends.
    pub fn end(&self, step: &StepName) -> Option<End> {
        self.ends.then(|| End {
            reason: EndReason::Stuck,
            message: format!("step {step} is stuck: {}", self.diagnosis.cause).into(),
        })
    }

    /// Whether another report says nothing new: it is of the same hang, which is shown by the same
    /// first line, and it is no more certain.
    pub fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.diagnosis.evidence.first() == other.diagnosis.evidence.first()
            && self.diagnosis.confidence >= other.diagnosis.confidence
    }

    /// Changes what is recorded of a step to how it hangs now. A hang that goes on keeps its record,
    /// unless it is more certain.
    pub fn update(known: &mut Vec<Self>, now: Vec<Self>) {
        known.retain(|old| now.iter().any(|new| old.covers(new)));
        for new in now {
            if !known.iter().any(|old| old.covers(&new)) {
                known.push(new);
            }
        }
    }

    /// Removes what was reported, and remembers the rest as reported.
    pub fn news(reported: &mut Vec<Self>, mut found: Vec<Self>) -> Vec<Self> {
        found.retain(|new| !reported.iter().any(|old| old.covers(new)));
        reported.extend_from_slice(&found);
        found
    }
}
