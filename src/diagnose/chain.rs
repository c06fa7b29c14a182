//! Chooses the cause among what the rules found: the first in time of the chain that led to the end.

use super::cause::Cause;
use super::ending::{Ending, original};
use super::finding::{At, Finding};
use super::log::Log;
use super::owner::owner_of;
use super::rules::Kind;
use super::thrown::thrown;
use crate::model::diagnosis::{Confidence, FailureOwner};
use crate::model::evidence::LogRole;
use chrono::TimeDelta;
use std::cmp::Reverse;

/// Executors that were lost longer than this before the end were replaced.
const CHAIN: TimeDelta = TimeDelta::minutes(15);

/// A node that was unhealthy longer than this before its cluster ended was replaced or recovered. YARN
/// logs that a node is unhealthy once, and AWS does not document how long EMR keeps such a node.
const UNHEALTHY: TimeDelta = TimeDelta::hours(1);

/// So many earlier messages show that a job waits.
pub(super) const REPETITIONS: usize = 2;

/// Finds the cause.
pub(super) fn cause<'a>(
    logs: &'a [Log<'_>],
    findings: &'a [Finding],
    ending: Option<&Ending>,
    was_killed: bool,
) -> Option<Cause<'a>> {
    match ending {
        Some(ending) => before(logs, findings, ending),
        None => without_end(logs, findings, was_killed).map(Cause::Rule),
    }
}

/// The cause where nothing says that the job failed.
fn without_end<'a>(
    logs: &[Log<'_>],
    findings: &'a [Finding],
    was_killed: bool,
) -> Option<&'a Finding> {
    // Where nobody could tell how the job ended, what befell its executors is all there is.
    let silent = was_killed || logs.iter().all(Log::is_beside_driver);
    let executors = || silent.then(|| of_executors(findings)).flatten();
    waiting(findings).or_else(executors)
}

/// The first in time of the chain that led to the end.
fn before<'a>(logs: &'a [Log<'_>], findings: &'a [Finding], ending: &Ending) -> Option<Cause<'a>> {
    let in_ending = |finding: &&Finding| ending.has(finding);
    let (direct, outside): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(in_ending);
    let is = |kind: Kind| move |finding: &&&Finding| finding.rule.kind == kind;
    if ending.is_plain(logs)
        && let Some(found) = first(outside.iter().filter(|found| is_decisive(found)))
    {
        return Some(Cause::Rule(found));
    }
    if let Some(found) = first(direct.iter().filter(is(Kind::Cause))) {
        return Some(Cause::Rule(found));
    }
    // What a rule knows to follow from something else is no exception of the program's own.
    let follows = |at: At| direct.iter().any(|finding| finding.at == at);
    let own = exception(logs, ending, follows);
    let symptoms: Vec<&Finding> = direct.iter().filter(is(Kind::Symptom)).copied().collect();
    let is_first = symptoms.is_empty() || !ending.handled_another(logs);
    if let Some(own) = own.as_ref().filter(|_| is_first) {
        return Some(own.clone());
    }
    let explains = |finding: &&Finding| explains(finding, logs, &symptoms, ending);
    let outside: Vec<&Finding> = outside.into_iter().filter(explains).collect();
    behind(&symptoms, &outside).map(Cause::Rule).or(own)
}

/// What is behind the symptoms of an end: a cause, or else the most telling symptom.
fn behind<'a>(symptoms: &[&'a Finding], outside: &[&'a Finding]) -> Option<&'a Finding> {
    let is = |kind: Kind| move |finding: &&&Finding| finding.rule.kind == kind;
    let loses = |finding: &&&Finding| finding.rule.loses_executors;
    first(outside.iter().filter(is(Kind::Cause)))
        .or_else(|| first(symptoms.iter().filter(loses)))
        .or_else(|| first(outside.iter().filter(is(Kind::Symptom)).filter(loses)))
        .or_else(|| {
            let outside = outside.iter().filter(is(Kind::Symptom));
            specific(symptoms.iter().chain(outside))
        })
}

/// Whether the driver cannot have gone on after it. A traceback in the driver's output, which has no
/// time, is then of something that the program had handled.
fn is_decisive(finding: &Finding) -> bool {
    let rule = finding.rule;
    rule.kind == Kind::Cause
        && rule.is_fatal
        && rule.confidence == Confidence::Certain
        && finding.owner == FailureOwner::Driver
}

/// Whether something outside the ending can be the reason for it. Lost executors are replaced, so
/// they explain nothing but the symptoms that follow from them, or an end without any reason.
fn explains(finding: &Finding, logs: &[Log<'_>], symptoms: &[&Finding], ending: &Ending) -> bool {
    let of_losses = match symptoms {
        [] => ending.has_no_reason(logs),
        _ => symptoms.iter().any(|symptom| !symptom.rule.is_after_fatal),
    };
    is_near(finding, logs, ending)
        && (finding.rule.is_fatal || finding.rule.loses_executors && of_losses)
}

/// Whether something can have led to an end by its time. What has no time can.
fn is_near(finding: &Finding, logs: &[Log<'_>], ending: &Ending) -> bool {
    let is_nodes = ending.is_cut && logs[finding.at.log].role == LogRole::Node;
    let reach = if is_nodes { UNHEALTHY } else { CHAIN };
    match (finding.time, ending.time) {
        (Some(time), Some(end)) => end - time <= reach,
        _ => true,
    }
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
        let filled = Reverse(holes.len());
        (
            time.is_none(),
            *time,
            at.log,
            *block,
            *order,
            filled,
            at.line,
        )
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
        let owner = owner_of(&logs[log], thrown.line);
        Some(Cause::Thrown(log, thrown, owner))
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

/// What a job waited for until its end. A wait shows in its repetition.
fn waiting(findings: &[Finding]) -> Option<&Finding> {
    let is_wait = |finding: &&Finding| finding.rule.kind == Kind::Wait;
    let last = findings.iter().rfind(is_wait)?;
    (last.before(findings).count() >= REPETITIONS).then_some(last)
}
