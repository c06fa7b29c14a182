//! From evidence to a diagnosis.

use super::cause::{Cause, cause};
use super::consequences::consequences;
use super::ending::{Ending, ending};
use super::finding::{At, Finding, scan};
use super::log::{Kind, Level, Log};
use super::raised::Place;
use super::{remedies, shown, unknown};
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

/// The exit code of what the kernel kills, as it does with what takes too much memory.
const KILLED: i32 = 137;

/// Finds the cause of a failure. The order of the logs does not matter.
pub fn diagnose(evidence: &Evidence, asked: Asked<'_>) -> Diagnosis {
    let mut texts: Vec<&LogText> = evidence.logs.iter().collect();
    texts.sort_by_key(|log| (log.role, &log.name));
    let logs: Vec<Log<'_>> = texts.into_iter().map(Log::read).collect();
    let findings = scan(&logs);
    if evidence.exit == Some(0) || ended_well(&logs, &findings) {
        return nothing_known(&logs, &findings);
    }
    let ending = ending(&logs, &findings);
    match cause(&logs, &findings, ending.as_ref()) {
        Some(cause) => told(&logs, &findings, &cause, ending.as_ref(), asked),
        None => match exit_code(evidence, &logs) {
            Some(code) if ending.is_none() && !has_errors(&logs) => {
                only_exit(&logs, &findings, code)
            }
            Some(_) | None => nothing_known(&logs, &findings),
        },
    }
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

fn told(
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
            let owner = rule.owner.unwrap_or(found.whose);
            let text = rule.cause.filled(&holes);
            (
                rule.id.as_str(),
                text,
                class(found, asked),
                owner,
                // Without an end, the job may have gone on.
                ending.map_or(rule.confidence.min(Confidence::Likely), |_| rule.confidence),
            )
        }
        Cause::Raised(log, raised) => {
            let text = raised.text(&logs[*log]).to_owned();
            let text = exception(text, place.as_ref(), raised.whose);
            let class = FailureClass::Program;
            ("exception", text, class, raised.whose, Confidence::Certain)
        }
        Cause::Thrown(_, thrown, whose) => {
            let text = exception(thrown.text.to_owned(), place.as_ref(), *whose);
            let class = FailureClass::Program;
            ("exception", text, class, *whose, Confidence::Likely)
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

/// `ZeroDivisionError: division by zero (job.py, line 12)`.
fn exception(text: String, place: Option<&Place>, whose: FailureOwner) -> String {
    let place = match place {
        Some(Place { file, number, .. }) => format!(" ({file}, line {number})"),
        None => String::new(),
    };
    let side = match whose {
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

/// The exit code of the program. EMR's controller says it where nobody else does.
fn exit_code(evidence: &Evidence, logs: &[Log<'_>]) -> Option<i32> {
    let said = || {
        let of_controller = logs.iter().filter(|log| log.role == LogRole::Controller);
        let mut lines = of_controller.flat_map(|log| log.lines.iter().rev());
        lines.find_map(|line| {
            let (_, code) = line.text.split_once("Command exiting with ret '")?;
            code.split('\'').next()?.parse().ok()
        })
    };
    evidence.exit.or_else(said).filter(|code| *code != 0)
}

/// Whether a log has an error that no rule knows.
fn has_errors(logs: &[Log<'_>]) -> bool {
    let is_error = |log: &Log<'_>, block: &super::log::Block| {
        let serious = matches!(block.kind, Kind::Record(Level::Error) | Kind::Thrown);
        serious && block.first >= log.last_run && !unknown::is_noise(log.text(block.first))
    };
    let mut logs = logs.iter();
    logs.any(|log| log.blocks.iter().any(|block| is_error(log, block)))
}

/// The program ended with a code, and nothing says why.
fn only_exit(logs: &[Log<'_>], findings: &[Finding], code: i32) -> Diagnosis {
    let unknown = nothing_known(logs, findings);
    let owner = Some(FailureOwner::Driver);
    if code == KILLED {
        return Diagnosis {
            rule: Some("driver-killed".to_owned()),
            cause: "the driver was killed (exit code 137), most often for its memory".into(),
            class: FailureClass::OutOfMemory,
            owner,
            confidence: Confidence::Low,
            remedies: vec![remedies::change(
                "collect less, or leave the data to Spark".to_owned(),
                None,
            )],
            ..unknown
        };
    }
    let cause = match code - 128 {
        signal @ 1..=64 => format!("signal {signal} ended the program, and its logs have no error"),
        _ => format!("the program ended with exit code {code} and no error in its logs"),
    };
    Diagnosis {
        cause: cause.into(),
        owner,
        ..unknown
    }
}

fn nothing_known(logs: &[Log<'_>], findings: &[Finding]) -> Diagnosis {
    Diagnosis {
        rule: None,
        cause: "the logs do not say why it failed".into(),
        class: FailureClass::Unknown,
        owner: None,
        confidence: Confidence::Unknown,
        evidence: lines(logs, findings),
        consequences: Vec::new(),
        remedies: Vec::new(),
    }
}

fn lines(logs: &[Log<'_>], findings: &[Finding]) -> Vec<crate::model::diagnosis::EvidenceLine> {
    let best = unknown::best(logs, findings).into_iter();
    best.map(|at| shown::line(logs, at)).collect()
}
