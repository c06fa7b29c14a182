//! Forms blocks of a log's lines, and finds where its last run of Spark begins.

use super::{Block, Header, Kind, Log};
use chrono::NaiveDateTime;

/// The first line of a traceback of Python.
pub(in crate::diagnose) const TRACEBACK: &str = "Traceback (most recent call last):";

/// How Python connects the tracebacks of exceptions that led to each other.
const CONNECTIONS: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// The lines with which Spark's driver and its executors begin.
const BEGINNINGS: [&str; 2] = ["Running Spark version", "Started daemon with process name"];

/// How the JVM begins an exception that it prints itself.
const THROWN: [&str; 2] = ["Exception in thread ", "Exception: java."];

/// With what the driver begins to stop.
const STOPS: [&str; 2] = [
    "Invoking stop() from shutdown hook",
    "SparkContext is stopping",
];

/// How a line relates to the blocks before it.
#[derive(Default)]
struct State {
    /// The block to which lines are added.
    current: Option<usize>,
    /// The traceback whose exception was not read yet.
    open: Option<usize>,
    /// Whether the current block contains a traceback.
    traced: bool,
    /// Whether another traceback belongs to the current block.
    connected: bool,
    time: Option<NaiveDateTime>,
    began: bool,
    shut_down: bool,
}

pub(super) fn group(log: &mut Log<'_>) {
    let mut state = State::default();
    for line in 0..log.lines.len() {
        if log.lines[line].after_gap {
            (state.current, state.open) = (None, None);
        }
        let block = match Header::read(log.text(line)) {
            Some(header) => {
                let Header { time, level, .. } = header;
                state.time = time.or(state.time);
                let stops = STOPS.iter().any(|text| header.message.contains(text));
                if state.begins_run(&header) {
                    (log.last_run, log.stopping) = (line, usize::MAX);
                } else if stops {
                    log.stopping = log.stopping.min(line);
                }
                Some(Kind::Record(level))
            }
            None => state.kind(log, line),
        };
        let block = match block {
            Some(kind) => state.begin(log, line, kind),
            None => state.continued(log, line),
        };
        log.lines[line].block = block;
        log.blocks[block].last = line;
    }
}

impl State {
    /// Whether a new run of Spark begins with this record.
    fn begins_run(&mut self, header: &Header<'_>) -> bool {
        let at_shutdown = header.logger.ends_with("ShutdownHookManager");
        let begins = BEGINNINGS.iter().any(|text| header.message.contains(text));
        let is_new = begins && self.began || self.shut_down && !at_shutdown;
        if is_new {
            (self.began, self.shut_down) = (false, false);
        }
        self.began |= begins;
        self.shut_down |= at_shutdown && header.message.contains("Shutdown hook called");
        is_new
    }

    /// The kind of the block that begins with a line which is no record's first; `None` if the line
    /// continues a block.
    fn kind(&self, log: &Log<'_>, line: usize) -> Option<Kind> {
        let text = log.text(line);
        if THROWN.iter().any(|start| text.starts_with(start)) {
            return Some(Kind::Thrown);
        }
        let begins = text == TRACEBACK && !self.connected;
        // Python prints no header for a script that it cannot parse, and logs may be cut.
        let is_traced = self.current.is_some() && self.traced;
        let headless = || is_frame(text) && self.open.is_none() && !is_traced;
        (begins || headless()).then_some(Kind::Traceback)
    }

    fn begin(&mut self, log: &mut Log<'_>, line: usize, kind: Kind) -> usize {
        let block = log.blocks.len();
        log.blocks.push(Block {
            kind,
            first: line,
            last: line,
            time: self.time,
        });
        self.current = Some(block);
        self.connected = false;
        self.traced = kind == Kind::Traceback || log.text(line).contains(TRACEBACK);
        if kind == Kind::Traceback {
            self.open = Some(block);
        }
        block
    }

    fn continued(&mut self, log: &mut Log<'_>, line: usize) -> usize {
        let Some(current) = self.current else {
            return self.begin(log, line, Kind::Printed);
        };
        let text = log.text(line);
        self.shut_down |= text.contains("final status: SUCCEEDED");
        if let Some(open) = self.open
            && continues_traceback(text)
        {
            if !text.starts_with(' ') && !text.is_empty() {
                // Its exception: what follows is its message.
                (self.open, self.current) = (None, Some(open));
                self.traced = true;
            }
            return open;
        }
        if text.contains(TRACEBACK) {
            self.traced = true;
            self.connected = false;
            if text == TRACEBACK && log.blocks[current].kind == Kind::Traceback {
                self.open = Some(current);
            }
        } else if !text.is_empty() {
            self.connected = CONNECTIONS.contains(&text) || text.contains("the Python worker");
        }
        current
    }
}

/// A line that belongs to a traceback even if records interrupt it. Java's frames do not.
fn continues_traceback(text: &str) -> bool {
    !text.starts_with('\t') && text != TRACEBACK
}

fn is_frame(text: &str) -> bool {
    text.starts_with("  File \"") && text.contains("\", line ")
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Log};
    use crate::model::evidence::{LogRole, LogText};

    fn grouped(text: &str) -> Vec<(Kind, String)> {
        let text = LogText::whole(LogRole::DriverLog, "stderr", text);
        let log = Log::read(&text);
        let lines = |block| {
            let lines = log.lines_of(block);
            let numbers = lines.filter_map(|line| log.lines[line].number);
            numbers.map(|number| number.to_string()).collect::<Vec<_>>()
        };
        let blocks = log.blocks.iter().enumerate();
        blocks
            .map(|(block, read)| (read.kind, lines(block).join(" ")))
            .collect()
    }

    #[test]
    fn a_traceback_that_records_interrupt() {
        let text = "\
26/11/21 04:55:07 INFO SparkContext: Running Spark version 3.5.9
Traceback (most recent call last):
  File \"/data/job.py\", line 8, in <module>
    main()
26/11/21 04:55:07 INFO BlockManagerInfo: Removed broadcast
  File \"/data/job.py\", line 5, in main
    print(rows[3])
IndexError: list index out of range
second line of the message
26/11/21 04:55:07 INFO SparkContext: stopped";
        let kinds: Vec<_> = grouped(text);
        let lines: Vec<&str> = kinds.iter().map(|(_, lines)| lines.as_str()).collect();
        assert_eq!(lines, ["1", "2 3 4 6 7 8 9", "5", "10"]);
        assert_eq!(kinds[1].0, Kind::Traceback);
    }

    #[test]
    fn connected_tracebacks_are_one_block() {
        let text = "\
printed
Traceback (most recent call last):
  File \"/data/job.py\", line 8, in <module>
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/data/job.py\", line 10, in <module>
NameError: name 'x' is not defined
Traceback (most recent call last):
  File \"/data/job.py\", line 12, in <module>
ValueError: 1
Exception in thread \"main\" a.B: c
\tat a.B.c(B.scala:7)";
        let lines: Vec<_> = grouped(text);
        let lines: Vec<&str> = lines.iter().map(|(_, lines)| lines.as_str()).collect();
        assert_eq!(lines, ["1", "2 3 4 5 6 7 8 9 10", "11 12 13", "14 15"]);
    }

    #[test]
    fn the_last_run_begins_after_the_shutdown_of_the_one_before() {
        let run = "\
26/11/21 04:55:07 INFO SparkContext: Running Spark version 3.5.9
26/11/21 04:55:08 INFO SparkContext: Successfully stopped SparkContext
26/11/21 04:55:08 INFO ShutdownHookManager: Shutdown hook called
26/11/21 04:55:08 INFO ShutdownHookManager: Deleting directory /mnt/tmp/spark-1
";
        let last_run = |text: &str| {
            let text = LogText::whole(LogRole::DriverLog, "stderr", text);
            Log::read(&text).last_run
        };
        assert_eq!(last_run(run), 0);
        assert_eq!(last_run(&run.repeat(2)), 4);
        let cut = "26/11/21 04:55:09 ERROR A: b\n";
        assert_eq!(last_run(&format!("{run}{cut}{cut}")), 4);
    }
}
