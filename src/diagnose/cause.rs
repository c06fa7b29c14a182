//! The cause of a failure: where it shows, and where in the user's own code it happened.

use super::finding::{At, Finding};
use super::log::Log;
use super::raised::{Place, Raised, raised};
use super::rules::Kind;
use super::thrown::Thrown;
use crate::model::diagnosis::FailureOwner;
use crate::model::evidence::LogRole;

/// Why something failed.
#[derive(Debug, Clone)]
pub(super) enum Cause<'a> {
    /// A rule says so.
    Rule(&'a Finding),
    /// A program in Python raised an exception that no rule knows.
    Raised(usize, Raised),
    /// A program in Java or Scala threw an exception that no rule knows.
    Thrown(usize, Thrown<'a>, FailureOwner),
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
                let raised = raised(log, finding.block).into_iter();
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
