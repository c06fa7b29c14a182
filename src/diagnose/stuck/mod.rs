//! Recognises a job that hangs while it runs, from the growing log of a step's driver.
//!
//! `log_clock` keeps the log's time, `signs` finds what lines say, `progress` follows executors and
//! tasks, and `verdicts` decides. A long task is no hang: each kind needs evidence in the log.

mod log_clock;
mod progress;
mod signs;
#[cfg(test)]
mod tests;
mod verdicts;

pub use log_clock::LogTimes;

use super::log::{Header, each_shown};
use super::remedies;
use super::rules::{Holes, Rule};
use super::verdict::Asked;
use crate::model::diagnosis::{Confidence, Diagnosis, EvidenceLine};
use crate::model::shown::Untrusted;
use crate::model::stuck::{Stuck, StuckKind};
use chrono::{DateTime, NaiveDateTime, Utc};
use log_clock::LogClock;
use progress::Progress;
use signs::{Found, Sign, signs};
use verdicts::Verdict;

/// The length at which a line of evidence is cut, in characters.
const MAX_CHARS: usize = 1000;

/// A line of the log that a verdict needs later.
#[derive(Debug, Clone)]
struct Seen {
    /// Its time, by the log's clock.
    at: NaiveDateTime,
    number: u64,
    text: String,
}

/// What a step runs on, as far as it changes what a wait means.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings {
    /// Whether the cluster may still get nodes, or another step may leave room: a wait for executors
    /// may then end by itself.
    pub may_get_room: bool,
}

/// Watches the log of one running step's driver.
#[derive(Debug)]
pub struct StuckWatch {
    /// The log's name, such as `steps/01-load/stderr`.
    log: String,
    clock: LogClock,
    /// How many lines were read.
    lines: u64,
    progress: Progress,
    /// Whether the last record is of Spark's client of YARN.
    in_report: bool,
}

impl StuckWatch {
    /// Watches the log of this name, of a step that started at an instant.
    pub fn new(log: String, started: DateTime<Utc>, times: LogTimes) -> Self {
        Self {
            log,
            clock: LogClock::new(started, times),
            lines: 0,
            progress: Progress::default(),
            in_report: false,
        }
    }

    /// How many lines were read.
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Reads the lines that follow those read before. The log is complete until `until`.
    pub fn read<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>, until: DateTime<Utc>) {
        self.clock.advance(until);
        for line in lines {
            self.lines += 1;
            each_shown(line, |text| self.line(text));
        }
    }

    /// Skips lines that are not known. They may have any news of executors and tasks.
    pub fn skip(&mut self, lines: u64) {
        if lines > 0 {
            self.lines += lines;
            self.progress.skip();
            self.in_report = false;
        }
    }

    fn line(&mut self, text: &str) {
        let header = Header::read(text);
        let at = match header.as_ref().and_then(|header| header.time) {
            Some(time) => self.clock.of_record(time),
            None => self.clock.of_line(),
        };
        // A frame names what ran, and not what it said.
        if header.is_none() && text.trim_start().starts_with("at ") {
            return;
        }
        let is_sparks = self.is_sparks(text, header.as_ref());
        let seen = || Seen {
            at,
            number: self.lines,
            text: text.chars().take(MAX_CHARS).collect(),
        };
        if let Some(header) = &header {
            self.progress.record(header, at);
        }
        if is_sparks {
            self.progress.end_waits(text);
        }
        // The JVM itself writes that a thread died, and so do several loggers.
        let counts = |found: &Found| is_sparks || found.sign == Sign::ThreadDied;
        for Found { sign, rule, holes } in signs(text).into_iter().filter(counts) {
            self.progress.sign(sign, rule, &holes, seen());
        }
        self.progress.belongs(text);
    }

    /// Whether Spark wrote a line, and not the program: a record of its own, or a line of a report
    /// on the application, such as `\t final status: UNDEFINED`.
    fn is_sparks(&mut self, text: &str, header: Option<&Header<'_>>) -> bool {
        match header {
            Some(header) => {
                // A report begins with a line that has no message: `INFO Client:`.
                let logger = match header.logger {
                    "" => header.message.strip_suffix(':').unwrap_or_default(),
                    logger => logger,
                };
                self.in_report = signs::is_client(logger);
                signs::is_sparks(logger)
            }
            None => {
                self.in_report &= text.starts_with('\t');
                self.in_report
            }
        }
    }

    /// How the step hangs now, by what was read. That its cluster ends is not decided.
    pub fn stuck(&self, asked: Asked<'_>, around: Surroundings) -> Vec<Stuck> {
        let found = self.progress.verdicts(self.clock.now()).into_iter();
        found
            .filter_map(|verdict| self.explained(verdict, asked, around))
            .collect()
    }

    fn explained(&self, verdict: Verdict, asked: Asked<'_>, around: Surroundings) -> Option<Stuck> {
        let rule: &Rule = signs::rule(verdict.kind.as_str())?;
        let Verdict {
            kind,
            since,
            shown,
            holes,
            is_guess,
        } = verdict;
        let waits = match kind {
            StuckKind::NoExecutors | StuckKind::MasterNotAdmitted | StuckKind::ExecutorsLost => {
                true
            }
            StuckKind::ExecutorsDie | StuckKind::DriverThreadDied => false,
        };
        let most = if is_guess || waits && around.may_get_room {
            Confidence::Low
        } else {
            Confidence::Certain
        };
        Some(Stuck {
            kind,
            since: self.clock.instant(since),
            ends: false,
            diagnosis: Diagnosis {
                rule: Some(rule.id.clone()),
                cause: rule.cause.filled(&holes).into(),
                class: rule.class,
                owner: rule.owner,
                confidence: rule.confidence.min(most),
                evidence: shown.into_iter().map(|seen| self.evidence(seen)).collect(),
                consequences: Vec::new(),
                remedies: remedies::of_rule(rule, None, &holes, asked),
                fixes: Vec::new(),
            },
        })
    }

    fn evidence(&self, seen: Seen) -> EvidenceLine {
        EvidenceLine {
            log: Untrusted::from(self.log.as_str()),
            number: Some(seen.number),
            text: seen.text.into(),
        }
    }
}

/// Holes with one name.
fn hole(name: &str, held: impl Into<String>) -> Holes {
    Holes::from([(name.to_owned(), held.into())])
}
