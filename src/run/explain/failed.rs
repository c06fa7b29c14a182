//! What failed of a cluster, and the logs that can show why.

use crate::cloud::LogListing;
use crate::diagnose::search::Subject;
use crate::model::diagnosis::Diagnosis;
use crate::model::evidence::LogText;
use crate::model::name::StepName;
use crate::model::observed::{Cluster, ClusterState, End, EndReason, Step, StepState};
use crate::model::shown;
use crate::model::stuck::Stuck;

/// What failed of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// The step of this index, which may have been interrupted.
    Step(usize),
    /// Its start.
    Start,
}

impl Failed {
    /// What ended a cluster's work: the step that hung, if the cluster ended for that, the first
    /// failed step of its last run, the step that was running when the cluster failed, or its start.
    /// `None` if nothing failed.
    pub fn of(cluster: &Cluster) -> Option<Self> {
        let steps = &cluster.steps;
        let end = cluster.end.as_ref();
        if let Some(index) = steps.iter().rposition(|step| hang(step, end).is_some()) {
            return Some(Self::Step(index));
        }
        let first = steps.last().and_then(|last| {
            let has_failed = |step: &Step| is_same_run(step, last) && step.has_failed_job();
            steps.iter().position(has_failed)
        });
        if let Some(index) = first {
            return Some(Self::Step(index));
        }
        let end = cluster.end.as_ref()?;
        if !matches!(end.reason, EndReason::Failure | EndReason::Stuck) {
            return None;
        }
        if cluster.ready_at.is_none() {
            return Some(Self::Start);
        }
        steps.iter().rposition(is_cut).map(Self::Step)
    }

    /// The diagnosis that the cluster's record has.
    pub fn recorded(self, cluster: &Cluster) -> Option<&Diagnosis> {
        match self {
            Self::Step(index) => {
                let step = cluster.steps.get(index)?;
                let hang = hang(step, cluster.end.as_ref());
                hang.map(|stuck| &stuck.diagnosis)
                    .or(step.diagnosis.as_ref())
            }
            Self::Start => cluster.diagnosis.as_ref(),
        }
    }

    /// The name of the step that failed.
    pub fn step(self, cluster: &Cluster) -> Option<&StepName> {
        match self {
            Self::Step(index) => cluster.steps.get(index).map(|step| &step.name),
            Self::Start => None,
        }
    }

    /// What failed, in words that "failed" can follow.
    pub fn in_words(self, cluster: &Cluster) -> String {
        match self {
            Self::Step(index) => {
                let name = cluster.steps.get(index).map(|step| &step.name);
                name.map_or_else(|| "a step".to_owned(), |name| format!("step {name}"))
            }
            Self::Start => format!("the start of cluster {}", cluster.id),
        }
    }

    /// The same of a cluster of which only the listing is known.
    pub fn of_listing(listing: &LogListing) -> Option<Self> {
        let last = |state| listing.steps.iter().rposition(|step| step.state == state);
        let cut = || last(StepState::Interrupted).filter(|_| is_broken(listing));
        let step = last(StepState::Failed).or_else(cut).map(Self::Step);
        let start = || (is_broken(listing) && !listing.was_ready).then_some(Self::Start);
        step.or_else(start)
    }

    pub(super) fn subject(self, listing: &LogListing) -> Subject {
        match self {
            Self::Step(index) => {
                let step = listing.steps.get(index);
                let folder = step.map_or_else(String::new, |step| step.folder.clone());
                let is_cut = step.is_some_and(|step| step.state == StepState::Interrupted);
                if is_cut && is_broken(listing) {
                    Subject::CutStep(folder)
                } else {
                    Subject::Step(folder)
                }
            }
            Self::Start => {
                let texts = listing.messages.iter().flat_map(|log| &log.sections);
                let texts: Vec<&str> = texts.map(|section| section.text.as_str()).collect();
                Subject::Start(texts.join("\n"))
            }
        }
    }

    /// Whether it is a step that ended by itself, so that its logs say how.
    pub(super) fn has_ended(self, listing: &LogListing) -> bool {
        let state = match self {
            Self::Step(index) => listing.steps.get(index).map(|step| step.state),
            Self::Start => None,
        };
        state == Some(StepState::Failed)
    }

    pub(super) fn waits_for(self, listing: &LogListing) -> String {
        match self {
            Self::Step(index) => {
                let name = listing
                    .steps
                    .get(index)
                    .map_or("", |step| step.name.as_str());
                format!("waiting for the logs of step {}", shown::line(name, 200))
            }
            Self::Start => "waiting for the logs of the cluster's start".to_owned(),
        }
    }

    /// What EMR says of it.
    pub(super) fn messages(self, listing: &LogListing) -> Vec<LogText> {
        let step = match self {
            Self::Step(index) => listing.steps.get(index),
            Self::Start => None,
        };
        let of_step = step.and_then(|step| step.failure.clone());
        // A cluster that a step's failure ended says no more than that.
        let is_cut = step.is_none_or(|step| step.state == StepState::Interrupted);
        let of_cluster = listing.messages.iter().filter(|_| is_cut).cloned();
        of_step.into_iter().chain(of_cluster).collect()
    }
}

/// The hang of a step for which its cluster ended.
fn hang<'a>(step: &'a Step, end: Option<&End>) -> Option<&'a Stuck> {
    let ended = end.is_some_and(|end| end.reason == EndReason::Stuck) && is_cut(step);
    step.stuck.iter().find(|stuck| ended && stuck.ends)
}

fn is_cut(step: &Step) -> bool {
    step.state == StepState::Interrupted
}

fn is_same_run(step: &Step, other: &Step) -> bool {
    (&step.job, step.run) == (&other.job, other.run)
}

fn is_broken(listing: &LogListing) -> bool {
    listing.state == ClusterState::TerminatedWithErrors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnosis::{Confidence, FailureClass, FailureOwner};
    use crate::model::stuck::{OnStuck, StuckKind};
    use chrono::DateTime;

    fn stuck(kind: StuckKind, confidence: Confidence) -> Stuck {
        let stuck = Stuck {
            kind,
            since: DateTime::UNIX_EPOCH,
            ends: false,
            diagnosis: Diagnosis {
                rule: None,
                cause: "x".into(),
                class: FailureClass::Capacity,
                owner: Some(FailureOwner::Executor),
                confidence,
                evidence: Vec::new(),
                consequences: Vec::new(),
                remedies: Vec::new(),
                fixes: Vec::new(),
            },
        };
        stuck.decided(OnStuck::End)
    }

    fn step(state: StepState, stuck: Vec<Stuck>) -> Step {
        Step {
            name: "a".parse().unwrap(),
            job: "00112233aabbccdd".parse().unwrap(),
            run: 1,
            state,
            started_at: None,
            ended_at: None,
            ui: None,
            failure: None,
            diagnosis: None,
            stuck,
            may_fail: false,
            attempt: None,
        }
    }

    #[test]
    fn a_hang_explains_only_the_end_that_it_caused() {
        let all = vec![
            stuck(StuckKind::ExecutorsLost, Confidence::Low),
            stuck(StuckKind::NoExecutors, Confidence::Likely),
        ];
        let cut = step(StepState::Interrupted, all.clone());
        let end = |reason| End {
            reason,
            message: "x".into(),
        };
        let found = |step: &Step, reason| {
            let end = end(reason);
            hang(step, Some(&end)).map(|stuck| stuck.kind)
        };
        assert_eq!(found(&cut, EndReason::Stuck), Some(StuckKind::NoExecutors));
        assert_eq!(found(&cut, EndReason::Failure), None);
        assert_eq!(hang(&cut, None), None);
        let over = step(StepState::Completed, all);
        assert_eq!(found(&over, EndReason::Stuck), None);
        let other = step(StepState::Interrupted, Vec::new());
        assert_eq!(found(&other, EndReason::Stuck), None);
    }
}
