//! Forms blocks of the lines of a log, and finds where its last run of Spark begins.

use super::grouping::Grouping;
use super::{Block, Header, Log};

/// The lines with which Spark's driver and its executors begin.
const BEGINNINGS: [&str; 2] = ["Running Spark version", "Started daemon with process name"];

/// With what the driver begins to stop.
const STOPS: [&str; 2] = [
    "Invoking stop() from shutdown hook",
    "SparkContext is stopping",
];

/// Whether a new run of Spark begins, as its driver is started again.
#[derive(Default)]
struct Runs {
    began: bool,
    shut_down: bool,
}

pub(super) fn group(log: &mut Log<'_>) {
    let mut grouping = Grouping::default();
    let mut runs = Runs::default();
    for line in 0..log.lines.len() {
        if log.lines[line].after_gap {
            grouping.gap();
        }
        let text = log.text(line);
        let header = Header::read(text);
        let placed = grouping.place(text, header.as_ref());
        match &header {
            Some(header) => {
                let stops = STOPS.iter().any(|text| header.message.contains(text));
                if runs.begin(header) {
                    (log.last_run, log.stopping) = (line, usize::MAX);
                } else if stops {
                    log.stopping = log.stopping.min(line);
                }
            }
            None if !placed.begins => runs.shut_down |= text.contains("final status: SUCCEEDED"),
            None => {}
        }
        if placed.begins {
            log.blocks.push(Block {
                kind: placed.kind,
                first: line,
                last: line,
                time: grouping.time(),
            });
        }
        log.lines[line].block = placed.block;
        log.blocks[placed.block].last = line;
    }
}

impl Runs {
    /// Whether a new run of Spark begins with this record.
    fn begin(&mut self, header: &Header<'_>) -> bool {
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
