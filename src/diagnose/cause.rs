//! Chooses the cause among what the rules found: the first in time of the chain that led to the end.

use super::ending::{Ending, original};
use super::finding::{At, Finding};
use super::log::Log;
use super::raised::{Place, Raised};
use super::rules::Kind;
use super::thrown::{Thrown, thrown};
use super::whose::whose;
use crate::model::diagnosis::FailureOwner;
use crate::model::evidence::LogRole;
use chrono::TimeDelta;
use std::cmp::Reverse;

/// Executors that were lost longer than this before the end were replaced.
const CHAIN: TimeDelta = TimeDelta::minutes(15);

/// Why something failed.
#[derive(Debug)]
pub(super) enum Cause<'a> {
    /// A rule says so.
    Rule(&'a Finding),
    /// A program in Python raised an exception that no rule knows.
    Raised(usize, Raised),
    /// A program in Java or Scala threw an exception that no rule knows.
    Thrown(usize, Thrown<'a>, FailureOwner),
}

/// Finds the cause.
pub(super) fn cause<'a>(
    logs: &'a [Log<'_>],
    findings: &'a [Finding],
    ending: Option<&Ending>,
    was_killed: bool,
) -> Option<Cause<'a>> {
    let Some(ending) = ending else {
        // Where nobody could tell how the job ended, what befell its executors is all there is.
        let silent = was_killed || logs.iter().all(Log::is_beside_driver);
        let executors = || silent.then(|| of_executors(findings)).flatten();
        return waiting(findings).or_else(executors).map(Cause::Rule);
    };
    let in_ending = |finding: &&Finding| ending.blocks.contains(&(finding.at.log, finding.block));
    let (direct, outside): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(in_ending);
    let is = |kind: Kind| move |finding: &&&Finding| finding.rule.kind == kind;
    if let Some(found) = first(direct.iter().filter(is(Kind::Cause))) {
        return Some(Cause::Rule(found));
    }
    // What a rule knows to follow from something else is no exception of the program's own.
    let follows = |at: At| direct.iter().any(|finding| finding.at == at);
    if let Some(found) = exception(logs, ending, follows) {
        return Some(found);
    }
    let symptoms: Vec<&Finding> = direct.iter().filter(is(Kind::Symptom)).copied().collect();
    let explains = |finding: &&&Finding| explains(finding, &symptoms, ending);
    let outside: Vec<&Finding> = outside.iter().filter(explains).copied().collect();
    let loses = |finding: &&&Finding| finding.rule.loses_executors;
    first(outside.iter().filter(is(Kind::Cause)))
        .or_else(|| first(symptoms.iter().filter(loses)))
        .or_else(|| first(outside.iter().filter(is(Kind::Symptom)).filter(loses)))
        .or_else(|| {
            let outside = outside.iter().filter(is(Kind::Symptom));
            specific(symptoms.iter().chain(outside))
        })
        .map(Cause::Rule)
}

/// Whether something outside the ending can be the reason for its symptoms.
fn explains(finding: &Finding, symptoms: &[&Finding], ending: &Ending) -> bool {
    let after_fatal = !symptoms.is_empty() && symptoms.iter().all(|s| s.rule.is_after_fatal);
    let is_near = match (finding.time, ending.time) {
        (Some(time), Some(end)) => end - time <= CHAIN,
        _ => true,
    };
    is_near && (finding.rule.is_fatal || finding.rule.loses_executors && !after_fatal)
}

/// The first in time; of those in one block the most specific.
fn first<'a, 'b>(findings: impl Iterator<Item = &'b &'a Finding>) -> Option<&'a Finding>
where
    'a: 'b,
{
    let key = |finding: &&Finding| {
        let Finding {
            time,
            at,
            block,
            order,
            holes,
            ..
        } = finding;
        let told = Reverse(holes.len());
        (time.is_none(), *time, at.log, *block, *order, told, at.line)
    };
    findings.copied().min_by_key(key)
}

/// The most specific.
fn specific<'a, 'b>(findings: impl Iterator<Item = &'b &'a Finding>) -> Option<&'a Finding>
where
    'a: 'b,
{
    findings
        .copied()
        .min_by_key(|finding| (finding.order, finding.at))
}

/// The exception of the program itself that ended it.
fn exception<'a>(
    logs: &'a [Log<'_>],
    ending: &Ending,
    follows: impl Fn(At) -> bool,
) -> Option<Cause<'a>> {
    let mut blocks = vec![ending.main];
    blocks.extend(&ending.blocks);
    let python = |&(log, block): &(usize, usize)| {
        let raised = original(&logs[log], block)?;
        let line = raised.line;
        (!follows(At { log, line })).then_some(Cause::Raised(log, raised))
    };
    let java = |&(log, block): &(usize, usize)| {
        let thrown = thrown(&logs[log], block)?;
        let whose = whose(&logs[log], thrown.line);
        Some(Cause::Thrown(log, thrown, whose))
    };
    let found = blocks.iter().find_map(python);
    found.or_else(|| blocks.iter().find_map(java))
}

/// What befell executors and nodes.
fn of_executors(findings: &[Finding]) -> Option<&Finding> {
    let is_own = |finding: &&Finding| finding.rule.loses_executors || finding.rule.is_fatal;
    let found: Vec<&Finding> = findings.iter().filter(is_own).collect();
    let is = |kind: Kind| move |finding: &&&Finding| finding.rule.kind == kind;
    first(found.iter().filter(is(Kind::Cause)))
        .or_else(|| first(found.iter().filter(is(Kind::Symptom))))
}

/// What a job waited for until its end.
fn waiting(findings: &[Finding]) -> Option<&Finding> {
    let is_wait = |finding: &&Finding| finding.rule.kind == Kind::Wait;
    findings.iter().rfind(is_wait)
}

impl Cause<'_> {
    /// The line that shows it.
    pub(super) fn at(&self) -> At {
        match self {
            Self::Rule(finding) => finding.at,
            Self::Raised(log, raised) => At {
                log: *log,
                line: raised.line,
            },
            Self::Thrown(log, thrown, _) => At {
                log: *log,
                line: thrown.line,
            },
        }
    }

    /// Where in the user's own code it happened.
    pub(super) fn place(&self, logs: &[Log<'_>]) -> Option<Place> {
        match self {
            Self::Rule(finding) => {
                let log = &logs[finding.at.log];
                let raised = super::raised::raised(log, finding.block).into_iter();
                // The exception that names it, or the one that carries its message.
                let mut before = raised.filter(|raised| raised.first <= finding.at.line);
                let same = before.clone().find(|raised| raised.line == finding.at.line);
                same.or_else(|| before.next())
                    .and_then(|raised| raised.place)
            }
            Self::Raised(_, raised) => raised.place.clone(),
            Self::Thrown(_, thrown, _) => Some(thrown.place.clone()),
        }
    }

    /// The line of a bootstrap action's log that says why it failed, if no rule knows it.
    pub(super) fn last_words(&self, logs: &[Log<'_>]) -> Option<At> {
        let is_failed = |finding: &Finding| {
            finding.rule.owner == Some(FailureOwner::Bootstrap)
                && finding.rule.kind == Kind::Symptom
        };
        match self {
            Self::Rule(finding) if is_failed(finding) => {}
            Self::Rule(_) | Self::Raised(..) | Self::Thrown(..) => return None,
        }
        let logs = logs.iter().enumerate();
        let mut logs = logs.filter(|(_, log)| log.role == LogRole::Bootstrap);
        logs.find_map(|(index, log)| {
            let mut lines = (0..log.lines.len()).rev();
            let line = lines.find(|&line| says_why(log.text(line)))?;
            Some(At { log: index, line })
        })
    }
}

/// Whether a shell or a program says in a line that it failed.
fn says_why(text: &str) -> bool {
    let text = text.to_lowercase();
    let words = ["error", "fail", "not found", "denied", "no such"];
    words.iter().any(|word| text.contains(word))
}
