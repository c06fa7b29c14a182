//! From evidence to a diagnosis.

use super::cause::Cause;
use super::chain::cause;
use super::consequences::consequences;
use super::ending::{Ending, ending};
use super::finding::{At, Finding, scan};
use super::log::Log;
use super::raised::Place;
use super::{exit, remedies, shown, unknown};
use crate::model::desired::StepSpec;
use crate::model::diagnosis::{Confidence, Diagnosis, FailureClass, FailureOwner};
use crate::model::evidence::{Evidence, LogRole, LogText};

/// What was asked of the cluster on which something failed, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// The step that failed.
    pub step: Option<&'a StepSpec>,
    /// Whether the cluster has Spot instances.
    pub has_spot: bool,
}

/// The length at which the message of an exception is cut, in characters.
const MAX_MESSAGE: usize = 400;

/// Finds the cause of a failure. The order of the logs does not matter.
pub fn diagnose(evidence: &Evidence, asked: Asked<'_>) -> Diagnosis {
    let mut texts: Vec<&LogText> = evidence.logs.iter().collect();
    texts.sort_by(|one, other| order(one).cmp(&order(other)));
    let logs: Vec<Log<'_>> = texts.into_iter().map(Log::read).collect();
    let findings = scan(&logs);
    if evidence.exit == Some(0) || ended_well(&logs, &findings) {
        return unknown::diagnosis(&logs, &findings);
    }
    let cut_at = evidence.cut_at.map(|at| at.naive_utc());
    let ending = ending(&logs, &findings, cut_at);
    let exit = exit::code(evidence, &logs);
    let was_killed = exit.is_some_and(exit::is_signal);
    let found = cause(&logs, &findings, ending.as_ref(), was_killed);
    match (found, exit) {
        (Some(cause), _) => {
            let mut diagnosis = explained(&logs, &findings, &cause, ending.as_ref(), asked);
            // Without an end, the job may have gone on.
            diagnosis.confidence = diagnosis.confidence.min(match (&ending, was_killed) {
                (Some(_), _) => Confidence::Certain,
                (None, false) => Confidence::Likely,
                (None, true) => Confidence::Low,
            });
            diagnosis
        }
        (None, Some(code)) if ending.is_none() && !exit::has_errors(&logs) => {
            exit::diagnosis(&logs, &findings, code)
        }
        (None, _) => unknown::diagnosis(&logs, &findings),
    }
}

/// What determines a log's place among all.
fn order(log: &LogText) -> (LogRole, &str, Vec<&str>) {
    let sections = log.sections.iter();
    let texts = sections.map(|section| section.text.as_str()).collect();
    (log.role, &log.name, texts)
}

/// Whether Spark says that the last run ended well, and nothing fatal follows.
fn ended_well(logs: &[Log<'_>], findings: &[Finding]) -> bool {
    let mut of_driver = logs.iter().enumerate().filter(|(_, log)| log.is_drivers());
    of_driver.any(|(index, log)| {
        let says = |&line: &usize| log.text(line).contains("final status: ");
        let Some(end) = (log.last_run..log.lines.len()).rev().find(says) else {
            return false;
        };
        let fails = |finding: &Finding| {
            let At { log, line } = finding.at;
            finding.rule.is_fatal && log == index && line > end
        };
        log.text(end).contains("final status: SUCCEEDED") && !findings.iter().any(fails)
    })
}

fn explained(
    logs: &[Log<'_>],
    findings: &[Finding],
    cause: &Cause<'_>,
    ending: Option<&Ending>,
    asked: Asked<'_>,
) -> Diagnosis {
    let place = cause.place(logs);
    let mut holes = remedies::holes(logs, cause, place.as_ref());
    let mut evidence = shown::evidence(logs, findings, cause, place.as_ref(), ending);
    let changed = place.clone().or_else(|| ending?.place(logs));
    if let Some(at) = cause.last_words(logs) {
        let line = shown::line(logs, at);
        holes.insert("words".to_owned(), line.text.as_str().to_owned());
        evidence.insert(1, line);
    }
    let (rule, text, class, owner, confidence) = match cause {
        Cause::Rule(found) => {
            let rule = found.rule;
            let owner = rule.owner.unwrap_or(found.owner);
            let text = rule.cause.filled(&holes);
            (
                rule.id.as_str(),
                text,
                class(found, asked),
                owner,
                rule.confidence,
            )
        }
        Cause::Raised(log, raised) => {
            let text = shortened(raised.text(&logs[*log]));
            let text = exception(text, place.as_ref(), raised.owner);
            let class = FailureClass::Program;
            ("exception", text, class, raised.owner, Confidence::Certain)
        }
        Cause::Thrown(_, thrown, owner) => {
            let text = exception(shortened(thrown.text), place.as_ref(), *owner);
            let class = FailureClass::Program;
            ("exception", text, class, *owner, Confidence::Likely)
        }
    };
    Diagnosis {
        rule: Some(rule.to_owned()),
        cause: text.into(),
        class,
        owner: Some(owner),
        confidence,
        evidence,
        consequences: consequences(logs, findings, cause, ending),
        remedies: remedies::remedies(cause, changed.as_ref(), &holes, asked),
        fixes: Vec::new(),
    }
}

/// A lost node is a Spot instance taken back where there are some.
fn class(found: &Finding, asked: Asked<'_>) -> FailureClass {
    let class = found.rule.class;
    let is_node = found.rule.owner == Some(FailureOwner::Node);
    if class == FailureClass::ExecutorLost && is_node && asked.has_spot {
        return FailureClass::SpotLost;
    }
    class
}

/// The text, cut where messages become listings.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `ZeroDivisionError: division by zero (job.py, line 12)`.
fn exception(text: String, place: Option<&Place>, owner: FailureOwner) -> String {
    let place = match place {
        Some(Place { file, number, .. }) => format!(" ({file}, line {number})"),
        None => String::new(),
    };
    let side = match owner {
        FailureOwner::PythonWorker => ", in a Python worker",
        FailureOwner::Executor => ", in an executor",
        FailureOwner::Driver
        | FailureOwner::ApplicationMaster
        | FailureOwner::Node
        | FailureOwner::Bootstrap
        | FailureOwner::Account => "",
    };
    format!("{text}{place}{side}")
}
