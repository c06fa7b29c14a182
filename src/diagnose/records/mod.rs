//! The records of logs, one after another, for streams that are longer than memory: [`Splitter`]
//! forms them of one log's lines, [`Merge`] puts those of several logs in the order of time, and
//! [`Filter`] chooses among them. [`Selection`] chooses logs by their names, and [`labels`] shortens
//! these names.

mod filter;
mod labels;
mod merge;
mod selection;
mod split;

pub use filter::{Accepted, Filter};
pub use labels::labels;
pub use merge::Merge;
pub use selection::{Part, Selection, launched, launches, masters};
pub use split::Splitter;

use super::log::{Kind, Level};
use chrono::NaiveDateTime;
use serde::Serialize;

/// A record of a log: its first line with its time, and the lines that continue it. A long one is
/// several pieces, each with the time and the severity of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When it was written, or when the record before it was; `None` before the first time of a log.
    /// In the time zone of the process that wrote it: UTC on EMR.
    pub time: Option<NaiveDateTime>,
    /// How serious it is; `None` for what a program printed.
    pub severity: Option<Severity>,
    /// The number of its block in its log, which all its pieces have; `None` for what a program
    /// printed: each of its lines is shown or left out by itself.
    pub block: Option<usize>,
    /// Its lines, without the line feed of the last.
    pub text: String,
}

/// How serious a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A record of level INFO or lower.
    Info,
    /// A record of level WARN.
    Warn,
    /// A record of level ERROR or FATAL, a traceback of Python, or an exception that the JVM printed.
    Error,
}

impl Severity {
    fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Record(Level::Info) => Some(Self::Info),
            Kind::Record(Level::Warn) => Some(Self::Warn),
            Kind::Record(Level::Error) | Kind::Thrown | Kind::Traceback => Some(Self::Error),
            Kind::Printed => None,
        }
    }
}
