//! Where rules apply in logs.

use super::log::Log;
use super::owner::{around, owner_of};
use super::rules::{Holes, Rule, Rules};
use crate::model::diagnosis::FailureOwner;
use chrono::NaiveDateTime;
use std::collections::BTreeMap;

/// A line of a log, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) log: usize,
    pub(super) line: usize,
}

/// A rule that applies to a line.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) rule: &'static Rule,
    /// The rule's place among all; specific ones come first.
    pub(super) order: usize,
    pub(super) at: At,
    pub(super) block: usize,
    pub(super) owner: FailureOwner,
    pub(super) holes: Holes,
    pub(super) time: Option<NaiveDateTime>,
}

/// Applies all rules to the last run of each log, in the order of logs and lines.
pub(super) fn scan(logs: &[Log<'_>]) -> Vec<Finding> {
    let rules = Rules::bundled();
    let mut found = Vec::new();
    for (index, log) in logs.iter().enumerate() {
        for line in log.last_run..log.lines.len() {
            if is_code(log, line) {
                continue;
            }
            for (order, holes) in rules.matches(log.text(line)) {
                let rule = &rules.all[order];
                let owner = owner_of(log, line);
                if !rule.applies(log.role, owner) || !rule.agrees(around(log, line)) {
                    continue;
                }
                found.push(Finding {
                    rule,
                    order,
                    at: At { log: index, line },
                    block: log.lines[line].block,
                    owner,
                    holes,
                    time: log.block(line).time,
                });
            }
        }
    }
    remove_past(logs, &mut found);
    found
}

/// Whether a line is a frame of Java's, or the source code below a frame of Python's. They name what
/// ran, and not what it said.
fn is_code(log: &Log<'_>, line: usize) -> bool {
    let text = log.text(line);
    let below_frame = || line > 0 && log.text(line - 1).starts_with("  File \"");
    text.trim_start().starts_with("at ") || text.starts_with("    ") && below_frame()
}

/// Removes what later lines of its log show to be over.
fn remove_past(logs: &[Log<'_>], findings: &mut Vec<Finding>) {
    let mut over: BTreeMap<(usize, usize), Option<usize>> = BTreeMap::new();
    findings.retain(|finding| {
        let (rule, At { log, line }) = (finding.rule, finding.at);
        let last = || {
            let log = &logs[log];
            let mut lines = (log.last_run..log.lines.len()).rev();
            lines.find(|&line| rule.is_over(log.text(line)))
        };
        !rule.ends() || *over.entry((log, finding.order)).or_insert_with(last) < Some(line)
    });
}

impl Finding {
    /// The findings of the same rule before it in its log, the nearest first.
    pub(super) fn before<'a>(&self, findings: &'a [Self]) -> impl Iterator<Item = &'a Self> {
        let (order, at) = (self.order, self.at);
        let same = findings
            .iter()
            .rev()
            .filter(move |other| other.order == order);
        same.filter(move |other| other.at.log == at.log && other.at.line < at.line)
    }
}
