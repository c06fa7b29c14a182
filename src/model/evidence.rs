//! What the logs of a failed step or cluster say, independent of the target that they come from.

use super::words::words;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// The logs of one failed step, or of a cluster that never became ready.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Evidence {
    /// The logs, in no particular order.
    pub logs: Vec<LogText>,
    /// The exit code of the step's process, if it is known. A signal counts as 128 plus its number.
    pub exit: Option<i32>,
    /// When the end of its cluster cut the step off; `None` if it did not, or the time is not known.
    pub cut_at: Option<DateTime<Utc>>,
}

/// One log, or one message of EMR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogText {
    /// Who wrote it.
    pub role: LogRole,
    /// Its name, such as `steps/01-load/stderr`.
    pub name: String,
    /// Its parts in order. A long log has two: its head and its tail.
    pub sections: Vec<Section>,
}

impl LogText {
    /// A log that is read as a whole.
    pub fn whole(role: LogRole, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            role,
            name: name.into(),
            sections: vec![Section {
                first_line: Some(1),
                text: text.into(),
            }],
        }
    }
}

/// A contiguous part of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// The number of its first line in the log, from 1; `None` if the lines before were not counted.
    pub first_line: Option<u64>,
    /// Its text. Invalid UTF-8 is replaced.
    pub text: String,
}

words! {
    /// Who wrote a log.
    pub enum LogRole {
        /// What the driver's own program prints: on EMR and in client mode, the step's `stdout`, with
        /// the tracebacks of a Python driver; in cluster mode, the `stdout` of the driver's container.
        DriverOutput = "driver_output",
        /// Spark's log of the driver, and what spark-submit prints.
        DriverLog = "driver_log",
        /// EMR's own log of a step.
        Controller = "controller",
        /// An executor and its Python workers.
        Executor = "executor",
        /// A node's manager, or its worker process on this machine.
        Node = "node",
        /// A bootstrap action.
        Bootstrap = "bootstrap",
        /// What EMR says of the cluster or the step, such as `StateChangeReason`.
        Cloud = "cloud",
    }
}
