//! Starts the next attempt at a failed job, if its stack asks for one, its budgets can pay it and its
//! policies allow it.

use super::environment::Environment;
use super::failure::Failure;
use super::interrupt;
use super::origin::CurrentOrigin;
use super::reporter::Progress;
use super::stack_admission::{PolicyReport, StackAdmission};
use super::target::Target;
use crate::cost::attempts::JobAttempt;
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::facts::Facts;
use crate::model::observed::{Cluster, Run};
use crate::model::plan::Planned;
use crate::model::stack::Stack;
use crate::plan::retry::{self, FailedJob, NextAttempt};
use crate::plan::{Options, Refusal};
use crate::policy::Finding;
use crate::run::clock::SystemClock;
use crate::run::driver::{Driver, Prepared, Stopped};
use crate::run::explain::Explanation;
use crate::run::follow;
use std::path::Path;

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted before the next attempt had started",
    "apply again to run the job again",
];

/// The same once its plan is being carried out: a cluster can exist.
const HALF_DONE: [&str; 2] = [
    "interrupted while the next attempt was being started",
    "apply again to continue, or destroy to delete what exists",
];

/// What attempts are made with.
#[derive(Clone, Copy)]
pub(crate) struct Retrying<'a> {
    pub(crate) target: &'a Target<'a>,
    /// The stack, as written in its file.
    pub(crate) stack: &'a Stack,
    /// The stack's file.
    pub(crate) file: &'a Path,
    pub(crate) options: Options,
    pub(crate) admission: &'a StackAdmission<'a>,
    pub(crate) progress: &'a dyn Progress,
}

/// An attempt that failed.
#[derive(Clone, Copy)]
pub(crate) struct FailedAttempt<'a> {
    /// The facts that it was planned with.
    pub(crate) facts: &'a Facts,
    pub(crate) cluster: &'a Cluster,
    pub(crate) run: &'a Run,
    pub(crate) attempt: &'a JobAttempt,
    pub(crate) explanation: Option<&'a Explanation>,
}

/// An attempt that has started.
pub(crate) struct Begun {
    pub(crate) next: NextAttempt,
    /// The stack with what is left of the budget.
    pub(crate) stack: Stack,
    pub(crate) facts: Facts,
    pub(crate) prepared: Prepared,
}

/// The attempt, or why there is none.
pub(crate) type Outcome<T> = Result<T, String>;

impl Retrying<'_> {
    /// Starts the next attempt, or says why there is none.
    pub(crate) async fn begin(&self, failed: FailedAttempt<'_>) -> Result<Outcome<Begun>, Failure> {
        let next = retry::next(FailedJob {
            stack: self.stack,
            facts: failed.facts,
            cluster: failed.cluster,
            job: &failed.run.job,
            step: failed
                .explanation
                .and_then(|it| it.failed.step(failed.cluster)),
            diagnosis: failed.explanation.map(|it| &it.diagnosis),
            skew: failed.explanation.and_then(|it| it.skew),
        });
        let next = match next {
            Ok(next) => next,
            Err(none) => return Ok(Err(none.to_string())),
        };
        let now = SystemClock.now();
        let stack = retry::affordable(self.stack, failed.cluster, failed.attempt.cost, now);
        let stack = match stack {
            Ok(stack) => stack,
            Err(none) => return Ok(Err(none.to_string())),
        };
        let facts = Facts {
            attempt: Some(next.attempt.clone()),
            ..failed.facts.clone()
        };
        let judged = Stack {
            guardrails: stack.guardrails.clone(),
            ..next.stack.clone()
        };
        let read = self.admission.read_again();
        let read = match interrupt::or_stop(read, STOPPED).await? {
            Ok(read) => read,
            Err(failure) => return Ok(Err(failure.in_a_line())),
        };
        let admission = self.admission.for_stack(&read, &judged);
        let admission = match interrupt::or_stop(admission, STOPPED).await? {
            Ok(admission) => admission,
            Err(failure) => return Ok(Err(failure.in_a_line())),
        };
        let driver = Driver {
            cloud: &*self.target.cloud,
            stack: &stack,
            facts: &facts,
            listener: self.progress,
            clock: &SystemClock,
        };
        let lease = driver.cloud.lease(&stack.name, self.progress);
        let lease = match interrupt::or_stop(lease, STOPPED).await? {
            Ok(lease) => lease,
            Err(error) => return Ok(Err(Failure::from(error).in_a_line())),
        };
        let started = self.start(&driver, &admission, failed).await;
        // An error of the attempt matters more than an error of the release.
        let released = lease.release().await;
        let started = started?;
        released?;
        Ok(started.map(|prepared| Begun {
            next,
            stack,
            facts,
            prepared,
        }))
    }

    /// Plans the attempt under the lease, and carries the plan out. What fails before anything was
    /// changed is a reason for no attempt.
    async fn start(
        &self,
        driver: &Driver<'_>,
        admission: &StackAdmission<'_>,
        failed: FailedAttempt<'_>,
    ) -> Result<Outcome<Prepared>, Failure> {
        let planned = self.planned(driver, admission, failed);
        let prepared = match interrupt::or_stop(planned, STOPPED).await? {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(why)) => return Ok(Err(why)),
            Err(failure) => return Ok(Err(failure.in_a_line())),
        };
        interrupt::or_stop(driver.attempt(&prepared.plan), HALF_DONE).await??;
        Ok(Ok(prepared))
    }

    /// The plan of the attempt, with the money for it reserved.
    async fn planned(
        &self,
        driver: &Driver<'_>,
        admission: &StackAdmission<'_>,
        failed: FailedAttempt<'_>,
    ) -> Result<Outcome<Prepared>, Failure> {
        let options = Options {
            again: false,
            create_roles: false,
            ..self.options
        };
        let mut prepared = match driver.prepare(options).await {
            Ok(prepared) => prepared,
            Err(Stopped::Refused(refusals)) => return Ok(Err(first(refusals))),
            Err(stopped) => return Err(stopped.into()),
        };
        if let Some(why) = changed(&prepared, failed) {
            return Ok(Err(why));
        }
        let environment: &Environment = &self.target.session.environment;
        let here = CurrentOrigin::new(self.file, environment);
        if let Some(elsewhere) = here.elsewhere(driver.cloud, &self.stack.name).await? {
            return Ok(Err(elsewhere.line().to_owned()));
        }
        let report = admission.judge(&mut prepared).await?;
        if let Some(why) = report.as_ref().and_then(denial) {
            return Ok(Err(why));
        }
        driver.cloud.check(&prepared.plan).await?;
        admission.reserve(&prepared).await?;
        Ok(Ok(prepared))
    }
}

fn first(refusals: Vec<Refusal>) -> String {
    let message = refusals.into_iter().next().map(|refusal| refusal.message);
    message.unwrap_or_else(|| "the stack cannot run".to_owned())
}

/// What has happened since the attempt failed that another must not ignore; `None` if nothing has.
fn changed(prepared: &Prepared, failed: FailedAttempt<'_>) -> Option<String> {
    let clusters = &prepared.observed.clusters;
    let Some(cluster) = follow::newest(clusters, &failed.run.job) else {
        return Some("its cluster is gone".to_owned());
    };
    if cluster.run_of(&failed.run.job).as_ref() != Some(failed.run) {
        return Some("another run of the job has begun".to_owned());
    }
    if let Some(ended) = retry::ended(cluster) {
        return Some(ended.to_string());
    }
    if cluster.state.is_live() != failed.cluster.state.is_live() {
        return Some("its cluster has ended meanwhile".to_owned());
    }
    let actions = &prepared.plan.actions;
    if let Some(other) = actions.iter().find(|it| !is_part(it)) {
        return Some(format!("the plan also has a change: {}", other.because));
    }
    let starts = actions.iter().any(|it| starts_job(&it.action));
    (!starts).then(|| "the plan does not start the job".to_owned())
}

const fn starts_job(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateCluster(_, Some(_)) | Action::AddSteps(..)
    )
}

/// Whether an action is part of starting a job again, as the user has agreed to. That includes the rules
/// of a security group, which are those of the stack that was applied.
const fn is_part(planned: &Planned) -> bool {
    let kind = matches!(
        planned.action,
        Action::Disarm(_)
            | Action::UpdateGroup(_)
            | Action::DeleteCluster(_)
            | Action::TerminateCluster(..)
            | Action::Stage(_)
    );
    !planned.asks && (kind || starts_job(&planned.action))
}

/// The first reason for which policies or budgets deny a plan.
fn denial(report: &PolicyReport) -> Option<String> {
    let mut findings = report.judgement().findings.iter();
    let found = findings.find(|finding| finding.denies())?;
    let Finding { message, place, .. } = found;
    report.denies().then(|| format!("{message} ({place})"))
}
