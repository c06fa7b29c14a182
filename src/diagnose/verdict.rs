//! From evidence to a diagnosis.

use super::last_error;
use crate::model::desired::StepSpec;
use crate::model::diagnosis::{Confidence, Diagnosis, EvidenceLine, FailureClass};
use crate::model::evidence::{Evidence, LogText, Section};
use crate::model::shown::Untrusted;

/// What was asked of the cluster on which something failed, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// The step that failed.
    pub step: Option<&'a StepSpec>,
    /// Whether the cluster has Spot instances.
    pub has_spot: bool,
}

/// Finds the cause of a failure.
pub fn diagnose(evidence: &Evidence, _asked: Asked<'_>) -> Diagnosis {
    let text: Vec<&str> = evidence.logs.iter().flat_map(texts).collect();
    let found = last_error(&text.join("\n"));
    let confidence = match found {
        Some(_) => Confidence::Likely,
        None => Confidence::Unknown,
    };
    let cause = found.unwrap_or_else(|| "the logs do not say why it failed".to_owned());
    Diagnosis {
        rule: None,
        cause: cause.into(),
        class: FailureClass::Unknown,
        owner: None,
        confidence,
        evidence: last_lines(evidence),
        consequences: Vec::new(),
        remedies: Vec::new(),
    }
}

fn texts(log: &LogText) -> impl Iterator<Item = &str> {
    log.sections.iter().map(|section| section.text.as_str())
}

/// The last line of each log.
fn last_lines(evidence: &Evidence) -> Vec<EvidenceLine> {
    let last = |log: &LogText| {
        let Section { first_line, text } = log.sections.last()?;
        let count = text.lines().count() as u64;
        Some(EvidenceLine {
            log: Untrusted::from(log.name.as_str()),
            number: first_line.map(|first| first + count.saturating_sub(1)),
            text: Untrusted::from(text.lines().last()?),
        })
    };
    evidence.logs.iter().filter_map(last).collect()
}
