//! Starts the next attempt at a failed job, if its stack asks for one, its budgets can pay it and its
//! policies allow it.

use super::environment::Environment;
use super::failure::Failure;
use super::interrupt;
use super::origin::CurrentOrigin;
use super::reporter::Progress;
use super::stack_admission::{PolicyReport, StackAdmission};
use super::target::Target;
use crate::cost::attempts::{JobAttempt, NextCost};
use crate::guard;
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::facts::Facts;
use crate::model::money::Usd;
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
    /// What it and the attempts before it have cost; `None` if that is not known.
    pub(crate) spent: Option<Usd>,
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
        });
        let next = match next {
            Ok(next) => next,
            Err(none) => return Ok(Err(none.to_string())),
        };
        let stack = match self.affordable(failed) {
            Ok(stack) => stack,
            Err(why) => return Ok(Err(why)),
        };
        let facts = Facts {
            attempt: Some(next.attempt.clone()),
            ..failed.facts.clone()
        };
        let judged = Stack {
            guardrails: stack.guardrails.clone(),
            ..next.stack.clone()
        };
        let read = match self.admission.read_again().await {
            Ok(read) => read,
            Err(failure) => return Ok(Err(failure.in_a_line())),
        };
        let admission = self.admission.for_stack(&read, &judged).await?;
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
        let started = interrupt::or_stop(self.start(&driver, &admission, failed), STOPPED).await;
        // An error of the attempt matters more than an error of the release.
        let released = lease.release().await;
        let started = started??;
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
        let prepared = match self.planned(driver, admission, failed).await {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(why)) => return Ok(Err(why)),
            Err(failure) => return Ok(Err(failure.in_a_line())),
        };
        driver.attempt(&prepared.plan).await?;
        Ok(Ok(prepared))
    }

    /// The stack with what is left of its budget for all attempts. The budget of a cluster that lives
    /// on is the cluster's own.
    fn affordable(&self, failed: FailedAttempt<'_>) -> Outcome<Stack> {
        let mut stack = self.stack.clone();
        let cluster = failed.cluster;
        let lives = cluster.state.is_live();
        let budget = if lives {
            cluster.guardrails().budget
        } else {
            stack.guardrails.budget
        };
        let Some(budget) = budget else {
            return Ok(stack);
        };
        let at = SystemClock.now() + cluster.spec.ending.delta();
        let spent = if lives {
            guard::spent(cluster, at).map(|bill| bill.total)
        } else {
            failed.spent
        };
        let (Some(spent), Some(attempt)) = (spent, failed.attempt.cost) else {
            return Err("the cost of the last attempt is not known".to_owned());
        };
        let cost = NextCost {
            spent,
            attempt,
            budget,
        };
        if !cost.fits() {
            return Err(cost.to_string());
        }
        if !lives {
            stack.guardrails.budget = Some((budget - spent).down_to(2));
        }
        Ok(stack)
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
    let starts = actions.iter().any(|it| starts_job(&it.action));
    (!starts || !actions.iter().all(is_part)).then(|| "the stack has changed".to_owned())
}

const fn starts_job(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateCluster(_, Some(_)) | Action::AddSteps(..)
    )
}

/// Whether an action is part of starting a job again, as the user has agreed to.
const fn is_part(planned: &Planned) -> bool {
    let kind = matches!(
        planned.action,
        Action::Disarm(_)
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
