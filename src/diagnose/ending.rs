//! What ended the job: the driver's last traceback, or the last record that only a failed job has.

use super::finding::{At, Finding};
use super::log::{Kind, Log};
use super::raised::{Place, Raised, raised};
use super::rules::Kind as RuleKind;
use crate::model::diagnosis::FailureOwner;
use crate::model::evidence::LogRole;
use chrono::NaiveDateTime;
use std::collections::BTreeSet;

/// The blocks that show how a job ended.
#[derive(Debug)]
pub(super) struct Ending {
    /// Log and block of the driver's last words.
    pub(super) main: (usize, usize),
    /// Log and block of these and of the failures of the task that they name, in order.
    pub(super) blocks: Vec<(usize, usize)>,
    /// The line that names the task whose failures these are.
    pub(super) task: Option<At>,
    /// When it was, if the logs or EMR say.
    pub(super) time: Option<NaiveDateTime>,
    /// Whether the end of its cluster cut the job off.
    pub(super) is_cut: bool,
}

/// Finds what ended the job; `None` if nothing says that it failed. `cut_at` is when the end of its
/// cluster cut it off, as far as it is known.
pub(super) fn ending(
    logs: &[Log<'_>],
    findings: &[Finding],
    cut_at: Option<NaiveDateTime>,
) -> Option<Ending> {
    let main = traceback(logs, LogRole::DriverOutput)
        .or_else(|| traceback(logs, LogRole::DriverLog))
        .or_else(|| thrown(logs, findings))
        .or_else(|| fatal(findings))?;
    let fatal = findings.iter().filter(|finding| finding.rule.is_fatal);
    let fatal = fatal.filter_map(|finding| finding.time).max();
    let by_cluster = logs[main.0].role == LogRole::Cloud && logs.iter().any(Log::is_drivers);
    let is_cut = cut_at.is_some() || by_cluster;
    let time = if is_cut {
        cut_at.max(newest(logs))
    } else {
        fatal
    };
    let mut ending = Ending {
        main,
        blocks: vec![main],
        task: None,
        time,
        is_cut,
    };
    let named = if ending.is_plain(logs) {
        Vec::new()
    } else {
        naming_task(findings, main)
    };
    ending.task = named.first().map(|finding| finding.at);
    ending.blocks.extend(of_tasks(logs, &named));
    ending.blocks.sort_unstable();
    ending.blocks.dedup();
    Some(ending)
}

/// The newest time in the last run of the logs that are written until their cluster ends. Their clock
/// may have another zone than EMR's.
fn newest(logs: &[Log<'_>]) -> Option<NaiveDateTime> {
    let written = logs.iter();
    let written = written.filter(|log| log.is_drivers() || log.role == LogRole::Node);
    let newest = written.filter_map(|log| {
        let blocks = log.blocks.iter();
        let of_last_run = blocks.filter(|block| block.first >= log.last_run);
        of_last_run.filter_map(|block| block.time).max()
    });
    newest.max()
}

/// The last traceback that a log's driver printed. A job that was started again has several
/// drivers, whose names are in their order: the first one's counts.
fn traceback(logs: &[Log<'_>], role: LogRole) -> Option<(usize, usize)> {
    let mut of_role = logs.iter().enumerate().filter(|(_, log)| log.role == role);
    of_role.find_map(|(index, log)| Some((index, last(log, Kind::Traceback)?)))
}

fn last(log: &Log<'_>, kind: Kind) -> Option<usize> {
    let is_last = |block: &super::log::Block| block.kind == kind && block.first >= log.last_run;
    log.blocks.iter().rposition(is_last)
}

/// The last exception with which a driver in Java or Scala ended.
fn thrown(logs: &[Log<'_>], findings: &[Finding]) -> Option<(usize, usize)> {
    let mut drivers = logs.iter().enumerate().filter(|(_, log)| log.is_drivers());
    drivers.find_map(|(index, log)| {
        let block = last(log, Kind::Thrown)?;
        let line = log.blocks[block].first;
        // That of spark-submit in cluster mode only tells that the application failed.
        let is_symptom = |finding: &Finding| {
            finding.at == At { log: index, line } && finding.rule.kind == RuleKind::Symptom
        };
        let is_main = log.text(line).contains("\"main\"");
        (is_main && !findings.iter().any(is_symptom)).then_some((index, block))
    })
}

/// The most specific of what ends a job by itself: the first cause, or else the last symptom.
fn fatal(findings: &[Finding]) -> Option<(usize, usize)> {
    let fatal = || findings.iter().filter(|finding| finding.rule.is_fatal);
    let is_cause = |finding: &&Finding| finding.rule.kind == RuleKind::Cause;
    let by_order = |finding: &&Finding| (finding.rule.kind, finding.order);
    let cause = fatal().filter(is_cause).min_by_key(|finding| finding.time);
    let found = cause.or_else(|| fatal().rev().min_by_key(by_order))?;
    Some((found.at.log, found.block))
}

/// The first exception of a block that carries no other one's message.
pub(super) fn original(log: &Log<'_>, block: usize) -> Option<Raised> {
    let mut raised = raised(log, block).into_iter();
    raised.find(|raised| !raised.is_wrapper(log))
}

/// The messages that name the tasks which ended the job.
fn naming_task(findings: &[Finding], main: (usize, usize)) -> Vec<&Finding> {
    let names = |finding: &&Finding| {
        finding.holes.contains_key("task") && finding.holes.contains_key("stage")
    };
    let in_main = |finding: &&Finding| (finding.at.log, finding.block) == main;
    let named: Vec<&Finding> = findings.iter().filter(names).collect();
    let of_main: Vec<&Finding> = named.iter().copied().filter(in_main).collect();
    if of_main.is_empty() { named } else { of_main }
}

/// The records of these tasks' failures.
fn of_tasks(logs: &[Log<'_>], named: &[&Finding]) -> Vec<(usize, usize)> {
    let lost = |finding: &&Finding| {
        let part = |name: &str| finding.holes.get(name).cloned().unwrap_or_default();
        let (task, stage) = (part("task"), part("stage"));
        (format!("Lost task {task}."), format!("in stage {stage}."))
    };
    let lost: BTreeSet<(String, String)> = named.iter().map(lost).collect();
    let mut found = Vec::new();
    for (index, log) in logs.iter().enumerate().filter(|(_, log)| log.is_drivers()) {
        for (block, read) in log.blocks.iter().enumerate() {
            let first = log.text(read.first);
            let is_lost = |(task, stage): &(String, String)| {
                first.contains(task.as_str()) && first.contains(stage.as_str())
            };
            if read.first >= log.last_run && lost.iter().any(is_lost) {
                found.push((index, block));
            }
        }
    }
    found
}

impl Ending {
    /// Whether the driver's own Python raised what ended it.
    pub(super) fn is_plain(&self, logs: &[Log<'_>]) -> bool {
        let (log, block) = self.main;
        original(&logs[log], block).is_some_and(|raised| raised.owner == FailureOwner::Driver)
    }

    /// Whether it is a record that gives no reason, and no failure of a task is known.
    pub(super) fn has_no_reason(&self, logs: &[Log<'_>]) -> bool {
        let (log, block) = self.main;
        let kind = logs[log].blocks[block].kind;
        self.blocks.len() == 1 && matches!(kind, Kind::Record(_) | Kind::Printed)
    }

    /// Whether a finding is a part of it.
    pub(super) fn has(&self, finding: &Finding) -> bool {
        self.blocks.contains(&(finding.at.log, finding.block))
    }

    /// Whether the program raised its own exception while it handled one that carries Java's.
    pub(super) fn handled_another(&self, logs: &[Log<'_>]) -> bool {
        let (log, block) = self.main;
        let log = &logs[log];
        let first = raised(log, block).into_iter().next();
        self.is_plain(logs) && first.is_some_and(|first| first.is_wrapper(log))
    }

    /// The line of the program at which it ended.
    pub(super) fn place(&self, logs: &[Log<'_>]) -> Option<Place> {
        let (log, block) = self.main;
        let mut raised = raised(&logs[log], block).into_iter();
        raised.next().and_then(|raised| raised.place)
    }
}
