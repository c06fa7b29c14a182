//! How fast a step went, from one run of it: by this, the next run knows how long it will take.

use super::name::JobHash;
use serde::{Deserialize, Serialize};

/// How fast a completed step went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepPace {
    /// The job that it was a step of.
    pub job: JobHash,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How far it was when, in rising order; empty if that was not observed.
    #[serde(default)]
    pub marks: Vec<PaceMark>,
}

/// How far a step was at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaceMark {
    /// The time since the step began, in milliseconds.
    pub at_ms: u64,
    /// What Spark had done, in thousandths of a Spark job: see `SparkProgress::done`.
    pub done: u64,
}

impl StepPace {
    /// When the step was this far, in milliseconds since it began; `None` if it never was, or if that
    /// was not observed. Between two marks, it went evenly.
    pub fn reached(&self, done: u64) -> Option<u64> {
        let mut before = PaceMark { at_ms: 0, done: 0 };
        for mark in &self.marks {
            if mark.done >= done {
                let span = u128::from(mark.at_ms.saturating_sub(before.at_ms));
                let part = u128::from(done.saturating_sub(before.done));
                let whole = u128::from(mark.done.saturating_sub(before.done));
                let more = (span * part).checked_div(whole).unwrap_or(0);
                return Some(before.at_ms + u64::try_from(more).unwrap_or(0));
            }
            before = *mark;
        }
        None
    }
}
