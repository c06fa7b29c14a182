//! Attempts at jobs: each run of a job on a cluster, with what it has cost.

use super::meter::accrued;
use crate::model::diagnosis::FailureClass;
use crate::model::money::Usd;
use crate::model::name::{JobHash, StepName};
use crate::model::observed::{Cluster, Run, Step, StepState};
use crate::model::retry::{MemoryChange, RunState};
use crate::model::shown::Untrusted;
use crate::model::stack::WhenDone;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One attempt at a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobAttempt {
    /// The job.
    pub job: JobHash,
    /// The number of its run on the cluster, from 1.
    pub run: u32,
    /// The number of the attempt, from 1.
    pub number: u16,
    /// How far it is.
    pub state: RunState,
    /// The step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepName>,
    /// The class of its failure, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<FailureClass>,
    /// The cause of its failure, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Untrusted>,
    /// What differs from the stack, by step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<StepName, Vec<MemoryChange>>,
    /// What it has cost; `None` if the prices are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
}

impl JobAttempt {
    /// A run of a job on a cluster as of `now`; `None` if the cluster does not have it.
    pub fn of(cluster: &Cluster, run: &Run, now: DateTime<Utc>) -> Option<Self> {
        let is_of = |step: &&Step| step.job == run.job && step.run == run.number;
        let steps: Vec<&Step> = cluster.steps.iter().filter(is_of).collect();
        let first = steps.first()?;
        let failed = steps.iter().find(|step| has_failed(step));
        let diagnosis = failed.and_then(|step| step.diagnosis.as_ref());
        let changed = steps.iter().filter_map(|step| {
            let changes = &step.attempt.as_ref()?.changes;
            (!changes.is_empty()).then(|| (step.name.clone(), changes.clone()))
        });
        Some(Self {
            job: run.job.clone(),
            run: run.number,
            number: first.attempt.as_ref().map_or(1, |attempt| attempt.number),
            state: state(&steps),
            step: failed.map(|step| step.name.clone()),
            class: diagnosis.map(|diagnosis| diagnosis.class),
            cause: diagnosis.map(|diagnosis| diagnosis.cause.clone()),
            changes: changed.collect(),
            cost: cost(cluster, run, now),
        })
    }

    /// What distinguishes it on its cluster.
    pub fn key(&self) -> String {
        format!("{}.{}", self.job, self.run)
    }

    /// All runs of jobs on a cluster, oldest first.
    pub fn all(cluster: &Cluster, now: DateTime<Utc>) -> Vec<Self> {
        let mut runs: Vec<Run> = Vec::new();
        for step in &cluster.steps {
            let run = Run {
                job: step.job.clone(),
                cluster: cluster.id.clone(),
                number: step.run,
            };
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        let of = |run: &Run| Self::of(cluster, run, now);
        runs.iter().filter_map(of).collect()
    }
}

fn has_failed(step: &Step) -> bool {
    step.has_failed_job() || step.state == StepState::Interrupted
}

fn state(steps: &[&Step]) -> RunState {
    if steps.iter().any(|step| !step.state.is_over()) {
        RunState::Running
    } else if steps.iter().all(|step| step.is_done()) {
        RunState::Completed
    } else {
        RunState::Failed
    }
}

/// What a run has cost: the time of its steps. The start of the cluster counts with the first run, and
/// the end of a cluster that ends with its work with the last.
fn cost(cluster: &Cluster, run: &Run, now: DateTime<Utc>) -> Option<Usd> {
    let rates = cluster.spec.rates.as_ref()?;
    let until = |at| accrued(rates, &cluster.instance_spans, at).total;
    let is_of = |step: &Step| step.job == run.job && step.run == run.number;
    let first = cluster.steps.iter().position(is_of)?;
    let last = cluster.steps.iter().rposition(is_of)?;
    let steps = cluster.steps.get(first..=last)?;
    let now = cluster.ended_at.unwrap_or(now);
    let began = steps.iter().filter_map(|step| step.started_at).min();
    let before = match first {
        0 => Usd::ZERO,
        _ => until(began.unwrap_or(now)),
    };
    let is_last = last + 1 == cluster.steps.len();
    let ends_with_it = is_last && cluster.spec.guardrails.when_done == WhenDone::Terminate;
    let over = steps.iter().all(|step| step.state.is_over());
    let ended = steps.iter().filter_map(|step| step.ended_at).max();
    let ended = ended.filter(|_| over && !ends_with_it);
    Some(until(ended.unwrap_or(now).min(now)) - before)
}

/// What another attempt costs, compared with the budget for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NextCost {
    /// What the earlier attempts have cost, or their cluster with its end.
    pub spent: Usd,
    /// What the last attempt has cost: the next is expected to cost as much.
    pub attempt: Usd,
    /// The budget.
    pub budget: Usd,
}

impl NextCost {
    /// Whether the budget covers it.
    pub fn fits(&self) -> bool {
        self.spent + self.attempt <= self.budget
    }
}

impl fmt::Display for NextCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [spent, attempt] = [self.spent, self.attempt].map(|usd| usd.up_to(4));
        let budget = self.budget;
        write!(
            f,
            "{spent} is spent, and another attempt like the last costs {attempt}: more than the \
             budget of {budget}"
        )
    }
}
