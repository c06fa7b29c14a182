//! Decides whether a failed job runs again, with which memory and within which budget.

use super::expand::expand;
use super::fix::{Failed, Growth, grown};
use super::repeat::Done;
use crate::cost::attempts::NextCost;
use crate::guard;
use crate::model::diagnosis::{Confidence, Diagnosis, FailureClass};
use crate::model::facts::Facts;
use crate::model::memory::Memory;
use crate::model::money::Usd;
use crate::model::name::{JobHash, StepName};
use crate::model::observed::{Cluster, EndReason, StepState};
use crate::model::retry::{Attempt, MemoryChange, Retry};
use crate::model::skew::TaskSkew;
use crate::model::stack::Stack;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A job that failed.
#[derive(Debug, Clone, Copy)]
pub struct FailedJob<'a> {
    /// The stack, as written in its file.
    pub stack: &'a Stack,
    /// The facts that it was planned with.
    pub facts: &'a Facts,
    /// The cluster that it ran on.
    pub cluster: &'a Cluster,
    /// The job.
    pub job: &'a JobHash,
    /// The step that failed; `None` if the cluster did.
    pub step: Option<&'a StepName>,
    /// Why it failed; `None` if that was not found out.
    pub diagnosis: Option<&'a Diagnosis>,
    /// What its event log says of a task that had read far more than the others.
    pub skew: Option<TaskSkew>,
}

/// The next attempt at a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextAttempt {
    /// The attempt.
    pub attempt: Attempt,
    /// What it changes that the failed one did not have.
    pub changes: Vec<MemoryChange>,
    /// The stack with the attempt's memory, for policies.
    pub stack: Stack,
}

/// Why there is no next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRetry {
    /// The stack has no `job.retry`.
    NotAsked,
    /// The cluster was ended: by a guardrail, by a person, or with its machine.
    Ended(EndReason),
    /// No step failed, or its cause is a guess or unknown.
    Uncertain,
    /// The stack does not name this class.
    Class(FailureClass),
    /// All attempts are used.
    Attempts(u16),
    /// The step has the most memory that there is.
    AtMost {
        /// What it has.
        memory: Memory,
        /// What gives no more, such as `a node of m5.xlarge gives`.
        by: String,
    },
    /// One task has too much data for more memory: how much, and what helps.
    Skewed(String),
    /// More memory would not fix it.
    NoMemory,
    /// The stack cannot run with the changes.
    Refused(String),
    /// The budget does not cover it.
    Budget(NextCost),
    /// There is a budget, and no prices to compare it with.
    CostUnknown,
}

impl fmt::Display for NoRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("the stack has no job.retry"),
            Self::Ended(EndReason::Request) => f.write_str("the cluster was ended on request"),
            Self::Ended(reason) if reason.is_guardrail() => {
                write!(f, "a guardrail ended the cluster ({})", reason.as_str())
            }
            Self::Ended(reason) => write!(f, "the cluster ended ({})", reason.as_str()),
            Self::Uncertain => f.write_str("the cause is not certain enough"),
            Self::Class(class) => write!(f, "job.retry.on does not have {}", class.as_str()),
            Self::Attempts(1) => f.write_str("job.retry.attempts is 1"),
            Self::Attempts(all) => write!(f, "all {all} attempts failed"),
            Self::AtMost { memory, by } => write!(f, "{memory} is the most that {by}"),
            Self::NoMemory => f.write_str("no setting of memory fixes it"),
            Self::Skewed(why) | Self::Refused(why) => f.write_str(why),
            Self::Budget(cost) => cost.fmt(f),
            Self::CostUnknown => f.write_str("the cost of the last attempt is not known"),
        }
    }
}

/// The attempt that follows a failed one.
///
/// # Errors
/// Returns why there is none.
pub fn next(failed: FailedJob<'_>) -> Result<NextAttempt, NoRetry> {
    let job = failed.stack.job.as_ref().ok_or(NoRetry::NotAsked)?;
    let retry = job.retry.as_ref().ok_or(NoRetry::NotAsked)?;
    let (step, diagnosis) = failed.allowed(retry)?;
    let mut attempt = failed.attempt();
    if attempt.number > retry.attempts {
        return Err(NoRetry::Attempts(retry.attempts));
    }
    let with = |attempt: &Attempt| Stack {
        job: Some(attempt.applied(job)),
        ..failed.stack.clone()
    };
    let now = with(&attempt);
    let changes = failed.changes(&now, (step, diagnosis), retry)?;
    for change in &changes {
        attempt.change(step, *change);
    }
    // Of steps that run at the same time, none waits for what another writes.
    if failed.stack.cluster.step_concurrency.unwrap_or(1) == 1 {
        let done = Done::of(job, &failed.completed());
        (attempt.done, attempt.kept) = (done.steps, done.kept);
    }
    let stack = with(&attempt);
    if let Err(refusals) = expand(&stack, failed.facts) {
        let why = refusals.into_iter().next();
        let why = why.map_or_else(String::new, |refusal| refusal.message);
        return Err(NoRetry::Refused(why));
    }
    Ok(NextAttempt {
        attempt,
        changes,
        stack,
    })
}

impl<'a> FailedJob<'a> {
    /// The step that failed and why, if the stack allows another attempt after such a failure.
    fn allowed(self, retry: &Retry) -> Result<(&'a StepName, &'a Diagnosis), NoRetry> {
        if let Some(ended) = ended(self.cluster) {
            return Err(ended);
        }
        let diagnosis = self.diagnosis.ok_or(NoRetry::Uncertain)?;
        let step = self
            .step
            .filter(|_| diagnosis.confidence >= Confidence::Likely);
        let step = step.ok_or(NoRetry::Uncertain)?;
        if diagnosis.class == FailureClass::Unknown || !retry.on.contains(&diagnosis.class) {
            return Err(NoRetry::Class(diagnosis.class));
        }
        Ok((step, diagnosis))
    }

    /// The attempt after the failed run, with the changes that the run had.
    fn attempt(self) -> Attempt {
        let known = self.facts.attempt.as_ref();
        let mut changes = known.map_or_else(BTreeMap::new, |known| known.changes.clone());
        let mut number = known.map_or(1, |known| known.number);
        for step in self.cluster.steps_of(self.job) {
            let Some(attempt) = &step.attempt else {
                continue;
            };
            number = number.max(attempt.number);
            // A name of EMR can have no room for them.
            if !attempt.changes.is_empty() {
                changes.insert(step.name.clone(), attempt.changes.clone());
            }
        }
        Attempt {
            number: number.saturating_add(1),
            changes,
            done: BTreeSet::new(),
            kept: BTreeSet::new(),
        }
    }

    /// The steps that ended well, in this attempt or an earlier one.
    fn completed(self) -> BTreeSet<StepName> {
        let known = self.facts.attempt.as_ref();
        let earlier = known.into_iter().flat_map(|known| known.done.clone());
        let now = self.cluster.steps_of(self.job);
        let now = now.filter(|step| step.state == StepState::Completed);
        earlier.chain(now.map(|step| step.name.clone())).collect()
    }

    /// What the next attempt changes of the stack that failed.
    fn changes(
        self,
        stack: &Stack,
        (step, diagnosis): (&StepName, &Diagnosis),
        retry: &Retry,
    ) -> Result<Vec<MemoryChange>, NoRetry> {
        let failed = Failed {
            stack,
            facts: self.facts,
            step: Some(step),
            skew: self.skew,
        };
        match grown(failed, &diagnosis.remedies, retry.memory) {
            Growth::Changes(changes) => Ok(changes),
            Growth::AtMost { memory, by } => Err(NoRetry::AtMost { memory, by }),
            Growth::Skewed(why) => Err(NoRetry::Skewed(why)),
            Growth::None if diagnosis.class == FailureClass::OutOfMemory => Err(NoRetry::NoMemory),
            Growth::None => Ok(Vec::new()),
        }
    }
}

/// The stack with what is left of the budget for all attempts. The budget of a cluster whose job is a
/// retry is already what earlier attempts left, so that nothing but the cluster has to be known. A
/// cluster that lives on keeps its budget.
///
/// # Errors
/// Returns an error if the rest does not pay for another attempt like the last, which has cost
/// `attempt`.
pub fn affordable(
    stack: &Stack,
    cluster: &Cluster,
    attempt: Option<Usd>,
    now: DateTime<Utc>,
) -> Result<Stack, NoRetry> {
    let mut stack = stack.clone();
    let lives = cluster.state.is_live();
    let own = if lives {
        cluster.spec.guardrails.budget
    } else {
        cluster.guardrails().budget
    };
    let smaller = stack.guardrails.budget.into_iter().chain(own).min();
    stack.guardrails.budget = smaller;
    let extended = cluster.guardrails().budget.filter(|_| lives);
    let Some(budget) = extended.or(smaller) else {
        return Ok(stack);
    };
    let at = now + cluster.spec.ending.delta();
    let spent = guard::spent(cluster, at).map(|bill| bill.total);
    let (Some(spent), Some(attempt)) = (spent, attempt) else {
        return Err(NoRetry::CostUnknown);
    };
    let cost = NextCost {
        spent,
        attempt,
        budget,
    };
    if !cost.fits() {
        return Err(NoRetry::Budget(cost));
    }
    if !lives {
        stack.guardrails.budget = Some((budget - spent).down_to(2));
    }
    Ok(stack)
}

/// Why a job is not retried, if its cluster did not end because of it: a guardrail or a person ended
/// it, or it was lost with its machine.
pub fn ended(cluster: &Cluster) -> Option<NoRetry> {
    let reason = cluster.end.as_ref()?.reason;
    let by_itself = matches!(
        reason,
        EndReason::StepFailed | EndReason::StepsCompleted | EndReason::Failure
    );
    (!by_itself).then_some(NoRetry::Ended(reason))
}
