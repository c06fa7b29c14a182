//! A log as lines that form blocks: records, Python's tracebacks, and what else was printed.

mod group;
mod grouping;
mod header;
mod json;
mod line;

pub(super) use grouping::{Grouping, TRACEBACK};
pub(super) use header::{Header, Level};
pub(super) use line::{Line, each_shown};

use crate::model::evidence::{LogRole, LogText};
use chrono::NaiveDateTime;

/// A log.
#[derive(Debug)]
pub(super) struct Log<'a> {
    pub(super) role: LogRole,
    pub(super) name: &'a str,
    pub(super) lines: Vec<Line<'a>>,
    /// In the order of their first lines.
    pub(super) blocks: Vec<Block>,
    /// The index of the line at which the log's last run of Spark begins.
    pub(super) last_run: usize,
    /// The index of the line from which Spark only stops. What it loses from there on is no loss.
    pub(super) stopping: usize,
}

/// Lines that belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// The index of its first line.
    pub(super) first: usize,
    /// The index of its last line. Lines of other blocks may stand between.
    pub(super) last: usize,
    /// The time of the record, or of the last record before it.
    pub(super) time: Option<NaiveDateTime>,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A record of a logger, with the stack trace below it.
    Record(Level),
    /// An exception that the JVM itself printed.
    Thrown,
    /// A traceback that Python printed, and the message of its exception.
    Traceback,
    /// Anything else.
    Printed,
}

impl<'a> Log<'a> {
    /// Reads a log.
    pub(super) fn read(log: &'a LogText) -> Self {
        let mut read = Self {
            role: log.role,
            name: &log.name,
            lines: line::lines(log),
            blocks: Vec::new(),
            last_run: 0,
            stopping: usize::MAX,
        };
        group::group(&mut read);
        read
    }

    /// The lines of a block, by their index.
    pub(super) fn lines_of(&self, block: usize) -> impl DoubleEndedIterator<Item = usize> {
        let Block { first, last, .. } = self.blocks[block];
        (first..=last).filter(move |&line| self.lines[line].block == block)
    }

    /// The text of a line.
    pub(super) fn text(&self, line: usize) -> &str {
        &self.lines[line].text
    }

    /// The block of a line.
    pub(super) fn block(&self, line: usize) -> Block {
        self.blocks[self.lines[line].block]
    }

    /// Whether it is of a process that cannot tell how the job ended.
    pub(super) fn is_beside_driver(&self) -> bool {
        matches!(
            self.role,
            LogRole::Executor | LogRole::Node | LogRole::Bootstrap
        )
    }

    /// Whether the driver wrote it.
    pub(super) fn is_drivers(&self) -> bool {
        matches!(self.role, LogRole::DriverOutput | LogRole::DriverLog)
    }
}
