//! What failed of a cluster, and the logs that can show why.

use crate::cloud::LogListing;
use crate::diagnose::search::Subject;
use crate::model::diagnosis::Diagnosis;
use crate::model::evidence::LogText;
use crate::model::name::StepName;
use crate::model::observed::{Cluster, ClusterState, EndReason, Step, StepState};
use crate::model::shown;

/// What failed of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// The step of this index, which may have been interrupted.
    Step(usize),
    /// Its start.
    Start,
}

impl Failed {
    /// What ended a cluster's work: the first failed step of its last run, the step that was running
    /// when the cluster failed, or its start. `None` if nothing failed.
    pub fn of(cluster: &Cluster) -> Option<Self> {
        let steps = &cluster.steps;
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
                let stuck = step.stuck.last().map(|stuck| &stuck.diagnosis);
                step.diagnosis.as_ref().or(stuck.filter(|_| is_cut(step)))
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
                Subject::Step(step.map_or_else(String::new, |step| step.folder.clone()))
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

fn is_cut(step: &Step) -> bool {
    step.state == StepState::Interrupted
}

fn is_same_run(step: &Step, other: &Step) -> bool {
    (&step.job, step.run) == (&other.job, other.run)
}

fn is_broken(listing: &LogListing) -> bool {
    listing.state == ClusterState::TerminatedWithErrors
}
