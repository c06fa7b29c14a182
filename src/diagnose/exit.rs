//! What the exit code of the program tells.

use super::finding::Finding;
use super::log::{Block, Kind, Level, Log};
use super::{remedies, unknown};
use crate::model::diagnosis::{Confidence, Diagnosis, FailureClass, FailureOwner};
use crate::model::evidence::{Evidence, LogRole};

/// Exit codes above this tell the signal that ended a process.
const SIGNALS: i32 = 128;

/// The exit code of what the kernel kills, as it does with what takes too much memory.
const KILLED: i32 = 137;

/// Whether a signal ended the process.
pub(super) fn is_signal(code: i32) -> bool {
    code > SIGNALS
}

/// The exit code of the program. EMR's controller says it where nobody else does.
pub(super) fn code(evidence: &Evidence, logs: &[Log<'_>]) -> Option<i32> {
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
pub(super) fn has_errors(logs: &[Log<'_>]) -> bool {
    let is_error = |log: &Log<'_>, block: &Block| {
        let serious = matches!(block.kind, Kind::Record(Level::Error) | Kind::Thrown);
        serious && block.first >= log.last_run && !unknown::is_noise(log.text(block.first))
    };
    let mut logs = logs.iter();
    logs.any(|log| log.blocks.iter().any(|block| is_error(log, block)))
}

/// The program ended with a code, and nothing says why.
pub(super) fn diagnosis(logs: &[Log<'_>], findings: &[Finding], code: i32) -> Diagnosis {
    let unknown = unknown::diagnosis(logs, findings);
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
    let cause = match code - SIGNALS {
        signal @ 1..=64 => format!("signal {signal} ended the program, and its logs have no error"),
        _ => format!("the program ended with exit code {code} and no error in its logs"),
    };
    Diagnosis {
        cause: cause.into(),
        owner,
        ..unknown
    }
}
