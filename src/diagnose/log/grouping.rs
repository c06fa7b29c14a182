//! To which block each line of a log belongs, line after line.

use super::{Header, Kind};
use chrono::NaiveDateTime;

/// The first line of a traceback of Python.
pub(in crate::diagnose) const TRACEBACK: &str = "Traceback (most recent call last):";

/// How Python connects the tracebacks of exceptions that led to each other.
const CONNECTIONS: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// How the JVM begins an exception that it prints itself.
const THROWN: [&str; 2] = ["Exception in thread ", "Exception: java."];

/// How a line relates to the blocks before it.
#[derive(Debug, Clone, Default)]
pub(in crate::diagnose) struct Grouping {
    /// How many blocks have begun.
    blocks: usize,
    /// The block to which lines are added.
    current: Option<(usize, Kind)>,
    /// The traceback whose exception was not read yet.
    open: Option<usize>,
    /// Whether the current block contains a traceback.
    traced: bool,
    /// Whether another traceback belongs to the current block.
    connected: bool,
    time: Option<NaiveDateTime>,
}

/// Where a line belongs.
#[derive(Debug, Clone, Copy)]
pub(in crate::diagnose) struct Placed {
    /// The number of its block, from 0.
    pub(in crate::diagnose) block: usize,
    /// The kind of its block.
    pub(in crate::diagnose) kind: Kind,
    /// Whether its block begins with it.
    pub(in crate::diagnose) begins: bool,
}

impl Grouping {
    /// The lines before the next one are not known.
    pub(in crate::diagnose) const fn gap(&mut self) {
        (self.current, self.open) = (None, None);
    }

    /// The time of the last record.
    pub(in crate::diagnose) const fn time(&self) -> Option<NaiveDateTime> {
        self.time
    }

    /// Places the next line. `header` is what [`Header::read`] makes of it.
    pub(in crate::diagnose) fn place(&mut self, text: &str, header: Option<&Header<'_>>) -> Placed {
        if let Some(header) = header {
            self.time = header.time.or(self.time);
            return self.begin(text, Kind::Record(header.level));
        }
        match self.kind(text) {
            Some(kind) => self.begin(text, kind),
            None => self.continued(text),
        }
    }

    /// The kind of the block that begins with a line which is no record's first; `None` if the line
    /// continues a block.
    fn kind(&self, text: &str) -> Option<Kind> {
        if THROWN.iter().any(|start| text.starts_with(start)) {
            return Some(Kind::Thrown);
        }
        let begins = text == TRACEBACK && !self.connected;
        // Python prints no header for a script that it cannot parse, and logs may be cut.
        let is_traced = self.current.is_some() && self.traced;
        let headless = || is_frame(text) && self.open.is_none() && !is_traced;
        (begins || headless()).then_some(Kind::Traceback)
    }

    fn begin(&mut self, text: &str, kind: Kind) -> Placed {
        let block = self.blocks;
        self.blocks += 1;
        self.current = Some((block, kind));
        self.connected = false;
        self.traced = kind == Kind::Traceback || text.contains(TRACEBACK);
        if kind == Kind::Traceback {
            self.open = Some(block);
        }
        let begins = true;
        Placed {
            block,
            kind,
            begins,
        }
    }

    fn continued(&mut self, text: &str) -> Placed {
        let Some((current, kind)) = self.current else {
            return self.begin(text, Kind::Printed);
        };
        let begins = false;
        if let Some(open) = self.open
            && continues_traceback(text)
        {
            let kind = Kind::Traceback;
            if !text.starts_with(' ') && !text.is_empty() {
                // Its exception: what follows is its message.
                (self.open, self.current) = (None, Some((open, kind)));
                self.traced = true;
            }
            let block = open;
            return Placed {
                block,
                kind,
                begins,
            };
        }
        if text.contains(TRACEBACK) {
            self.traced = true;
            self.connected = false;
            if text == TRACEBACK && kind == Kind::Traceback {
                self.open = Some(current);
            }
        } else if !text.is_empty() {
            self.connected = CONNECTIONS.contains(&text) || text.contains("the Python worker");
        }
        let block = current;
        Placed {
            block,
            kind,
            begins,
        }
    }
}

/// A line that belongs to a traceback even if records interrupt it. Java's frames do not.
fn continues_traceback(text: &str) -> bool {
    !text.starts_with('\t') && text != TRACEBACK
}

fn is_frame(text: &str) -> bool {
    text.starts_with("  File \"") && text.contains("\", line ")
}
