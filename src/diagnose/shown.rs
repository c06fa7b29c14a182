//! The lines of logs that show a cause.

use super::cause::Cause;
use super::chain::REPETITIONS;
use super::ending::Ending;
use super::finding::{At, Finding};
use super::log::{Kind, Log, TRACEBACK};
use super::owner::{task_line, worker_line};
use super::raised::Place;
use super::rules::Kind as RuleKind;
use crate::model::diagnosis::EvidenceLine;
use crate::model::evidence::LogRole;
use crate::model::shown::Untrusted;

/// The length at which a shown line is cut, in characters.
const MAX_CHARS: usize = 1000;

/// The lines that show a cause, most important first.
pub(super) fn evidence(
    logs: &[Log<'_>],
    findings: &[Finding],
    cause: &Cause<'_>,
    place: Option<&Place>,
    ending: Option<&Ending>,
) -> Vec<EvidenceLine> {
    let at = cause.at();
    let log = &logs[at.log];
    let mut lines = vec![at.line];
    if let Some(place) = place {
        lines.push(place.line);
        lines.extend(source(log, place.line));
    } else if let Cause::Raised(_, raised) = cause {
        lines.push(raised.first);
    }
    lines.extend(worker_line(log, at.line));
    if matches!(log.role, LogRole::DriverLog | LogRole::DriverOutput) {
        lines.extend(task_line(log, at.line));
    }
    if let Cause::Rule(finding) = cause {
        lines.extend(with(log, finding.rule.with.as_slice(), at.line));
        if finding.rule.kind == RuleKind::Wait {
            let before = finding.before(findings).take(REPETITIONS);
            lines.extend(before.map(|finding| finding.at.line));
        }
    }
    let mut shown: Vec<At> = Vec::new();
    let of_cause = lines.into_iter().map(|line| At { log: at.log, line });
    let of_end = ending.into_iter().flat_map(|ending| {
        let block = (at.log, log.lines[at.line].block);
        let named = ending.task.filter(|_| block != ending.main);
        let symptom = findings.iter().filter(|finding| ending.has(finding));
        let mut symptom = symptom.filter(|finding| finding.rule.kind == RuleKind::Symptom);
        let symptom = symptom.find(|_| !ending.blocks.contains(&block));
        let symptom = symptom.map(|finding| finding.at);
        let end = end(logs, findings, ending).into_iter();
        end.chain(symptom).chain(named)
    });
    for at in of_cause.chain(of_end) {
        if !shown.contains(&at) {
            shown.push(at);
        }
    }
    shown.into_iter().map(|at| line(logs, at)).collect()
}

/// A line as evidence.
pub(super) fn line(logs: &[Log<'_>], At { log, line }: At) -> EvidenceLine {
    let log = &logs[log];
    let text: String = log.text(line).chars().take(MAX_CHARS).collect();
    EvidenceLine {
        log: Untrusted::from(log.name),
        number: log.lines[line].number,
        text: text.into(),
    }
}

/// The line of source code that Python prints below a frame.
fn source(log: &Log<'_>, frame: usize) -> Option<usize> {
    let below = log
        .lines_of(log.lines[frame].block)
        .find(|&line| line > frame)?;
    let text = log.text(below);
    let is_frame = text.starts_with("  File \"");
    (text.starts_with("    ") && !is_frame).then_some(below)
}

/// The line with one of the texts that a rule needs besides its message.
fn with(log: &Log<'_>, texts: &[String], line: usize) -> Option<usize> {
    let has = |text: &str| texts.iter().any(|with| text.contains(with.as_str()));
    if texts.is_empty() || has(log.text(line)) {
        return None;
    }
    let mut block = log.lines_of(log.lines[line].block);
    block.find(|&line| has(log.text(line)))
}

/// The lines that show how the job ended.
fn end(logs: &[Log<'_>], findings: &[Finding], ending: &Ending) -> Vec<At> {
    let (log, block) = ending.main;
    let read = &logs[log];
    let mut lines = read.lines_of(block);
    let is_fatal = |line: &usize| {
        let at = At { log, line: *line };
        let mut fatal = findings.iter().filter(|finding| finding.rule.is_fatal);
        fatal.any(|finding| finding.at == at)
    };
    let found: Vec<usize> = match (read.blocks[block].kind, ending.place(logs)) {
        (Kind::Traceback, Some(place)) => {
            let source = source(read, place.line);
            std::iter::once(place.line).chain(source).collect()
        }
        (Kind::Traceback, None) => {
            let is_whole = |line: &usize| read.text(*line) == TRACEBACK;
            lines.find(is_whole).into_iter().collect()
        }
        (Kind::Thrown, _) => lines.next().into_iter().collect(),
        (Kind::Record(_) | Kind::Printed, _) => lines.find(is_fatal).into_iter().collect(),
    };
    found.into_iter().map(|line| At { log, line }).collect()
}
