//! The lines that are worth reading where no rule fits.

use super::finding::{At, Finding};
use super::log::{Kind, Level, Log};
use super::rules::Kind as RuleKind;
use super::shown::line;
use crate::model::diagnosis::{Confidence, Diagnosis, FailureClass};
use crate::model::evidence::LogRole;
use std::collections::BTreeSet;

/// As many lines are shown.
const BEST: usize = 5;

/// Records that explain nothing: they appear at shutdown, in every run, or after every failure.
const NOISE: [&str; 27] = [
    "Attempted to request executors before the AM has registered",
    "ShutdownHookManager",
    "Exception while deleting Spark temp dir",
    "LiveListenerBus",
    "AsyncEventQueue",
    "has already stopped! Dropping event",
    "Asked to remove non-existent executor",
    "Connection reset by peer",
    "NativeCodeLoader",
    "Unable to load native-hadoop library",
    "Cannot call methods on a stopped SparkContext",
    "aborting job",
    "Job aborted due to stage failure",
    "TransportRequestHandler",
    "TransportResponseHandler",
    "TransportClient",
    "Inbox: Ignoring",
    "Utils: Aborting task",
    "Unknown Error.",
    "An error occurred while calling",
    "Command exiting with ret",
    "log4j:WARN",
    "SLF4J:",
    "WARNING: An illegal reflective access",
    "WARNING: Illegal reflective access",
    "Neither spark.yarn.jars nor spark.yarn.archive is set",
    "Setting default log level",
];

/// That nothing is known, with the lines that are worth reading.
pub(super) fn diagnosis(logs: &[Log<'_>], findings: &[Finding]) -> Diagnosis {
    let best = best(logs, findings).into_iter();
    Diagnosis {
        rule: None,
        cause: "the logs do not say why it failed".into(),
        class: FailureClass::Unknown,
        owner: None,
        confidence: Confidence::Unknown,
        evidence: best.map(|at| line(logs, at)).collect(),
        consequences: Vec::new(),
        remedies: Vec::new(),
        fixes: Vec::new(),
    }
}

/// Whether a line explains nothing.
pub(super) fn is_noise(line: &str) -> bool {
    NOISE.iter().any(|text| line.contains(text))
}

/// How little a line tells; less is better.
type Rank = (u8, usize, bool, usize, usize);

/// The best lines: errors first, and of those the ones with few lines.
fn best(logs: &[Log<'_>], findings: &[Finding]) -> Vec<At> {
    let is_end = |finding: &&Finding| finding.rule.kind == RuleKind::End;
    let ends = findings.iter().filter(is_end).map(|finding| finding.at);
    let ends: BTreeSet<At> = ends.collect();
    let mut ranked: Vec<(Rank, At)> = Vec::new();
    for (index, log) in logs.iter().enumerate() {
        for (block, read) in log.blocks.iter().enumerate() {
            let in_run = (log.last_run..log.stopping).contains(&read.first);
            if !in_run || is_noise(log.text(read.first)) {
                continue;
            }
            let length = log.lines_of(block).take(100).count();
            let lines: Vec<usize> = log.lines_of(block).take(300).collect();
            for (depth, line) in lines.into_iter().enumerate() {
                let Some(weight) = weight(log, block, line, depth) else {
                    continue;
                };
                let at = At { log: index, line };
                if !ends.contains(&at) {
                    ranked.push(((weight, length, depth > 0, index, line), at));
                }
            }
        }
    }
    ranked.extend(logs.iter().enumerate().filter_map(last_printed));
    ranked.sort_unstable();
    let mut shown: Vec<At> = Vec::new();
    for (_, at) in ranked {
        let is_known = |known: &At| message(logs, *known) == message(logs, at);
        if shown.len() < BEST && !shown.iter().any(is_known) {
            shown.push(at);
        }
    }
    shown
}

/// The last line that the program printed, which may say why it ended.
fn last_printed((index, log): (usize, &Log<'_>)) -> Option<(Rank, At)> {
    let is_text = |&line: &usize| {
        let text = log.text(line);
        log.block(line).kind == Kind::Printed && !text.is_empty() && !is_noise(text)
    };
    let line = (0..log.lines.len()).rev().find(is_text)?;
    let at = At { log: index, line };
    (log.role == LogRole::DriverOutput).then_some(((2, 0, false, index, line), at))
}

/// What a line says, without the time at which it does.
fn message<'a>(logs: &'a [Log<'_>], At { log, line }: At) -> &'a str {
    let text = logs[log].text(line);
    super::log::Header::read(text).map_or(text, |header| header.message)
}

/// How little a line tells; `None` if it tells nothing.
fn weight(log: &Log<'_>, block: usize, line: usize, depth: usize) -> Option<u8> {
    let text = log.text(line).trim();
    if text.is_empty() || text.starts_with("at ") || is_noise(text) {
        return None;
    }
    let names_exception = || {
        let (class, _) = text.split_once(':').unwrap_or((text, ""));
        class.ends_with("Exception") || class.ends_with("Error")
    };
    match log.blocks[block].kind {
        Kind::Thrown if depth == 0 => Some(0),
        Kind::Record(Level::Error) if depth == 0 => Some(0),
        Kind::Traceback if names_exception() => Some(0),
        Kind::Record(Level::Error) | Kind::Thrown if names_exception() => Some(1),
        Kind::Printed if names_exception() => Some(1),
        Kind::Printed | Kind::Record(_) if log.role == LogRole::Cloud => Some(1),
        Kind::Printed if says_error(text) => Some(2),
        Kind::Record(Level::Warn) if depth == 0 => Some(3),
        Kind::Record(_) | Kind::Thrown | Kind::Traceback | Kind::Printed => None,
    }
}

fn says_error(text: &str) -> bool {
    let text: String = text.chars().take(200).collect();
    let text = text.to_lowercase();
    ["error", "failed", "exception", "fatal", "cannot"]
        .iter()
        .any(|word| text.contains(word))
}
