//! What failed of a cluster, and the logs that can show why.

use crate::cloud::{LogListing, LoggedStep};
use crate::diagnose::search::Subject;
use crate::model::diagnosis::Diagnosis;
use crate::model::evidence::LogText;
use crate::model::name::StepName;
use crate::model::observed::{Cluster, ClusterState, End, EndReason, Step, StepState};
use crate::model::shown;
use crate::model::stuck::Stuck;
use chrono::TimeDelta;

/// The longest that EMR takes to end a cluster.
const MAX_ENDING: TimeDelta = TimeDelta::minutes(20);

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
        let is_cut = |step: &Step| {
            is_cut(step) || step.state == StepState::Cancelled && step.started_at.is_some()
        };
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
        let mut steps = listing.steps.iter();
        let failed = steps.rposition(|step| step.state == StepState::Failed);
        let cut = || (0..listing.steps.len()).rfind(|index| was_cut_off(listing, *index));
        let step = failed.or_else(cut).map(Self::Step);
        let start = || (is_broken(listing) && !listing.was_ready).then_some(Self::Start);
        step.or_else(start)
    }

    pub(super) fn subject(self, listing: &LogListing) -> Subject {
        let Some(step) = self.logged(listing) else {
            let texts = listing.messages.iter().flat_map(|log| &log.sections);
            let texts: Vec<&str> = texts.map(|section| section.text.as_str()).collect();
            return Subject::Start(texts.join("\n"));
        };
        let folder = step.folder.clone();
        if !self.was_cut_off(listing) {
            return Subject::Step(folder);
        }
        // On this machine logs are there at once.
        let at = step.ended_at.filter(|_| step.id.is_some());
        Subject::CutStep { folder, at }
    }

    /// Whether it is a step that ended by itself, so that its logs say how.
    pub(super) fn has_ended(self, listing: &LogListing) -> bool {
        let state = self.logged(listing).map(|step| step.state);
        state == Some(StepState::Failed) && !self.was_cut_off(listing)
    }

    pub(super) fn waits_for(self, listing: &LogListing) -> String {
        match self {
            Self::Step(_) => {
                let name = self.logged(listing).map_or("", |step| step.name.as_str());
                format!("waiting for the logs of step {}", shown::line(name, 200))
            }
            Self::Start => "waiting for the logs of the cluster's start".to_owned(),
        }
    }

    /// What EMR says of it.
    pub(super) fn messages(self, listing: &LogListing) -> Vec<LogText> {
        let step = self.logged(listing);
        let of_step = step.and_then(|step| step.failure.clone());
        // A cluster that a step's failure ended says no more than that.
        let is_own = step.is_some_and(|step| step.state != StepState::Interrupted)
            && !self.was_cut_off(listing);
        let of_cluster = listing.messages.iter().filter(|_| !is_own).cloned();
        of_step.into_iter().chain(of_cluster).collect()
    }

    /// The step, if it is one.
    fn logged(self, listing: &LogListing) -> Option<&LoggedStep> {
        match self {
            Self::Step(index) => listing.steps.get(index),
            Self::Start => None,
        }
    }

    fn was_cut_off(self, listing: &LogListing) -> bool {
        match self {
            Self::Step(index) => was_cut_off(listing, index),
            Self::Start => false,
        }
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

/// Whether the failure of its cluster cut the step of this index off. EMR may report such a step as
/// failed or cancelled: then it was the last to start, and ended with the cluster.
fn was_cut_off(listing: &LogListing, index: usize) -> bool {
    let Some(step) = listing.steps.get(index).filter(|_| is_broken(listing)) else {
        return false;
    };
    let mut later = listing.steps.iter().skip(index + 1);
    let ended_with_cluster = || {
        let ends = step.ended_at.zip(listing.ended_at);
        ends.is_some_and(|(step, cluster)| cluster - step <= MAX_ENDING)
    };
    match step.state {
        StepState::Interrupted => true,
        StepState::Failed | StepState::Cancelled => {
            !listing.ended_by_step
                && step.id.is_some()
                && step.started_at.is_some()
                && later.all(|later| later.started_at.is_none())
                && ended_with_cluster()
        }
        StepState::Pending | StepState::Running | StepState::Completed => false,
    }
}

fn is_broken(listing: &LogListing) -> bool {
    listing.state == ClusterState::TerminatedWithErrors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnosis::{Confidence, FailureClass, FailureOwner};
    use crate::model::evidence::LogRole;
    use crate::model::stuck::{OnStuck, StuckKind};
    use chrono::{DateTime, Utc};
    use std::collections::BTreeMap;

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

    fn logged(state: StepState, started: Option<i64>, ended: Option<i64>) -> LoggedStep {
        LoggedStep {
            folder: "01-a".to_owned(),
            id: Some("s-1".to_owned()),
            name: "a".to_owned(),
            state,
            started_at: started.map(minute),
            ended_at: ended.map(minute),
            failure: None,
        }
    }

    fn minute(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// A cluster that failed after 100 minutes.
    fn broken(steps: Vec<LoggedStep>, ended_by_step: bool) -> LogListing {
        let text = "INSTANCE_FAILURE: NO_SLAVE_LEFT";
        LogListing {
            logs: BTreeMap::new(),
            state: ClusterState::TerminatedWithErrors,
            ended_at: Some(minute(100)),
            was_ready: true,
            ended_by_step,
            steps,
            messages: vec![LogText::whole(LogRole::Cloud, "StateChangeReason", text)],
        }
    }

    #[test]
    fn a_step_that_ran_when_its_cluster_failed_was_cut_off_whatever_emr_reports() {
        use StepState::{Cancelled, Failed, Interrupted};
        let cut = |at| Subject::CutStep {
            folder: "01-a".to_owned(),
            at,
        };
        let at = Some(minute(96));
        for state in [Interrupted, Failed, Cancelled] {
            let steps = vec![
                logged(state, Some(9), Some(96)),
                logged(Cancelled, None, None),
            ];
            let listing = broken(steps, false);
            let failed = super::Failed::of_listing(&listing).unwrap();
            assert_eq!(failed, super::Failed::Step(0), "{state:?}");
            assert_eq!(failed.subject(&listing), cut(at), "{state:?}");
            assert_eq!(failed.messages(&listing).len(), 1, "{state:?}");
            assert!(!failed.has_ended(&listing), "{state:?}");
        }
        let first = super::Failed::Step(0);
        let later = logged(Failed, Some(97), Some(98));
        for (what, listing) in [
            (
                "the step's own failure ended the cluster",
                broken(vec![logged(Failed, Some(9), Some(96))], true),
            ),
            (
                "it failed long before the end",
                broken(vec![logged(Failed, Some(9), Some(70))], false),
            ),
            (
                "another step ran after it",
                broken(vec![logged(Failed, Some(9), Some(96)), later], false),
            ),
            (
                "it ended at an unknown time",
                broken(vec![logged(Failed, Some(9), None)], false),
            ),
        ] {
            let subject = first.subject(&listing);
            assert_eq!(subject, Subject::Step("01-a".to_owned()), "{what}");
            assert!(first.messages(&listing).is_empty(), "{what}");
            assert!(first.has_ended(&listing), "{what}");
        }
        // A step of this machine: its logs are there at once.
        let mut here = logged(Interrupted, Some(9), Some(96));
        here.id = None;
        assert_eq!(first.subject(&broken(vec![here], false)), cut(None));
        // It never ran.
        let never = broken(vec![logged(Cancelled, None, None)], false);
        assert_eq!(super::Failed::of_listing(&never), None);
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
