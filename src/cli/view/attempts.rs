//! Attempts at a job that is retried, each in a line.

use super::words::wrap;
use crate::cost::attempts::JobAttempt;
use crate::cost::ledger::Attempted;
use crate::model::name::{JobHash, StepName};
use crate::model::observed::{Cluster, Observed};
use crate::model::retry::RunState;
use crate::plan::retry::NextAttempt;
use std::collections::BTreeSet;

/// `attempt 2 completed, with executor_memory 1g -> 2g, and cost $0.12`, wrapped to the width that
/// `indent` leaves. `of`: where it ran, such as ` on j-1`.
pub(in crate::cli) fn line(attempt: &JobAttempt, of: &str, costs: bool, indent: usize) -> String {
    let mut text = format!("attempt {}{of}", attempt.number);
    text.push_str(match attempt.state {
        RunState::Running => " is running",
        RunState::Completed => " completed",
        RunState::Failed => " failed",
    });
    if let Some(class) = attempt.class {
        text = format!("{text} ({})", class.as_str());
    }
    let changes = attempt.changes.iter().flat_map(|(step, changes)| {
        let changes = changes.iter();
        changes.map(move |change| format!("{change} in step {step}"))
    });
    let changes: Vec<String> = changes.collect();
    if !changes.is_empty() {
        text = format!("{text}, with {}", changes.join(" and "));
    }
    if let Some(cost) = attempt.cost {
        let verb = match (attempt.state, costs) {
            (RunState::Running, true) => "costs",
            (RunState::Completed | RunState::Failed, true) => "cost",
            (_, false) => "would have cost",
        };
        text = format!("{text}; it {verb} {}", cost.up_to(4));
    }
    format!("{:indent$}{}", "", wrap(&text, indent + 2))
}

/// `retry: attempt 2 of 3, with executor_memory 1g -> 2g`.
pub(in crate::cli) fn begun(next: &NextAttempt, attempts: u16) -> String {
    let changes = next.changes.iter().map(ToString::to_string);
    let changes: Vec<String> = changes.collect();
    let with = if changes.is_empty() {
        "the same settings".to_owned()
    } else {
        changes.join(" and ")
    };
    let done: Vec<&str> = next.attempt.done.iter().map(StepName::as_str).collect();
    let without = if done.is_empty() {
        String::new()
    } else {
        format!(", without what has ended well: {}", done.join(", "))
    };
    let number = next.attempt.number;
    let text = format!("retry: attempt {number} of {attempts}, with {with}{without}");
    wrap(&text, 2)
}

/// The jobs of which one of the clusters has a retry.
pub(in crate::cli) fn retried(observed: &Observed) -> BTreeSet<&JobHash> {
    let steps = observed.clusters.iter().flat_map(|cluster| &cluster.steps);
    let retries = steps.filter(|step| step.attempt.is_some());
    retries.map(|step| &step.job).collect()
}

/// The attempts at jobs of which a cluster that is observed has a retry: those on these clusters, and
/// from the recorded ones those that they follow.
pub(in crate::cli) fn of(observed: &Observed, recorded: Vec<Attempted>) -> Vec<Attempted> {
    let retried = retried(observed);
    let on = |cluster: &Cluster| {
        let attempts = JobAttempt::all(cluster, observed.at);
        let on = |attempt| Attempted {
            id: cluster.id.clone(),
            stack: cluster.stack.clone(),
            attempt,
        };
        attempts.into_iter().map(on).collect::<Vec<_>>()
    };
    let mut all: Vec<Attempted> = observed.clusters.iter().flat_map(on).collect();
    all.retain(|one| retried.contains(&one.attempt.job));
    let is_observed = |one: &Attempted| observed.clusters.iter().any(|it| it.id == one.id);
    for earlier in recorded.into_iter().rev().filter(|one| !is_observed(one)) {
        let follows = |next: &Attempted| {
            let attempt = &earlier.attempt;
            next.attempt.job == attempt.job && next.attempt.number == attempt.number + 1
        };
        if all.first().is_some_and(follows) {
            all.insert(0, earlier);
        }
    }
    all
}
