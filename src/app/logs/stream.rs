//! Passes the records of several logs on in the order of time.

use super::request::{Shown, Sink};
use crate::app::failure::{Exit, Failure};
use crate::cloud::{Ended, LogFile, MergedLogs, Next, Tail};
use crate::diagnose::records::{Filter, Record, labels};
use crate::model::shown::line;
use std::time::Duration;

/// The longest label, in characters.
const MAX_LABEL: usize = 40;

/// How long Ctrl-C may have to wait.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many records are shown before Ctrl-C is noticed.
const MAX_SHOWN: usize = 256;

/// Logs that are shown together: the short name of each, by its index.
pub(super) struct Labels {
    labels: Vec<String>,
    width: usize,
}

impl Labels {
    pub(super) fn of(names: &[String]) -> Self {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let labels = labels(&names).into_iter();
        let labels: Vec<String> = labels.map(|label| line(&label, MAX_LABEL)).collect();
        let widths = labels.iter().map(|label| label.chars().count());
        let width = widths.max().unwrap_or(0);
        Self { labels, width }
    }

    /// A record of the log of this name, which has the label of this index.
    pub(super) fn shown<'a>(&'a self, label: usize, log: &'a str, record: &'a Record) -> Shown<'a> {
        Shown {
            source: self.labels.get(label).map_or("", String::as_str),
            width: self.width,
            log,
            record,
        }
    }
}

/// A log, and how far it was read.
pub(super) struct Log {
    pub(super) name: String,
    /// The index of its label.
    pub(super) label: usize,
    pub(super) file: LogFile,
    pub(super) tail: Tail,
}

/// How the logs ended, and whether more is wanted.
pub(super) struct Passed {
    pub(super) ended: Vec<Ended>,
    pub(super) goes_on: bool,
}

/// Passes on what the logs have now. If they `grow`, a line without its end is left for the next time.
pub(super) async fn pass(
    logs: Vec<Log>,
    labels: &Labels,
    filter: &Filter,
    grow: bool,
    sink: &mut dyn Sink,
) -> Result<Passed, Failure> {
    let mut places = Vec::new();
    let mut read = Vec::new();
    for Log {
        name,
        label,
        file,
        tail,
    } in logs
    {
        places.push((label, name));
        read.push((file, tail));
    }
    let merged = MergedLogs::read(read, filter, grow);
    let mut merged = merged.map_err(|error| {
        Failure::new(Exit::Failed, "cannot start a thread to read logs").caused_by(&error)
    })?;
    let mut goes_on = true;
    let mut shown = 0_usize;
    while goes_on {
        match merged.next_read() {
            Next::Record(index, record) => {
                if let Some((label, log)) = places.get(index) {
                    goes_on = sink.show(&labels.shown(*label, log, &record));
                }
                shown += 1;
                if shown.is_multiple_of(MAX_SHOWN) {
                    tokio::task::yield_now().await;
                }
            }
            Next::Unread => {
                // Ctrl-C is noticed here.
                tokio::task::yield_now().await;
                goes_on = sink.flush() && merged.wait(PATIENCE);
            }
            Next::End => break,
        }
    }
    goes_on &= sink.flush();
    let ended = merged.finish();
    Ok(Passed { ended, goes_on })
}
