//! Shows a plan, asks for consent and applies it. Under the lease the plan is computed again;
//! actions that nobody consented to are shown and asked about again.

use super::failure::{Exit, Failure};
use super::inputs::InputCheck;
use super::interrupt;
use super::origin::{CurrentOrigin, OtherOrigin};
use super::prices::Prices;
use super::recorded_costs;
use super::reporter::Progress;
use super::stack_admission::{PolicyReport, StackAdmission};
use super::target::Target;
use crate::model::action::Action;
use crate::model::hint::Command;
use crate::model::origin::Origin;
use crate::model::plan::{Plan, Planned};
use crate::model::safeguard::Safeguard;
use crate::model::stack::Stack;
use crate::plan::Options;
use crate::run::driver::{Driver, Prepared};
use std::path::Path;

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted before the plan was applied completely",
    "apply again to continue, or destroy to delete what exists",
];

/// How often a plan that changed meanwhile is shown again.
const MAX_ROUNDS: usize = 3;

/// What is agreed on, and with whom.
pub(crate) struct Agreement<'a> {
    pub(crate) target: &'a Target<'a>,
    pub(crate) stack: &'a Stack,
    /// The stack's file.
    pub(crate) file: &'a Path,
    pub(crate) options: Options,
    pub(crate) admission: &'a StackAdmission<'a>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) reader: &'a dyn PlanReader,
    pub(crate) inputs: InputCheck<'a>,
}

/// A plan that is shown before it is applied.
pub(crate) struct Proposal<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) target: &'a Target<'a>,
    /// `None` on a target without costs.
    pub(crate) prices: Option<Prices<'a>>,
    /// Those of the cluster that the plan creates.
    pub(crate) safeguards: &'a [Safeguard],
    pub(crate) elsewhere: Option<&'a OtherOrigin>,
}

/// Why a plan needs consent.
pub(crate) enum Consent<'a> {
    /// It ends or deletes the objects of these actions.
    Removal(Vec<&'a Action>),
    /// It changes the AWS account.
    Account,
    /// The stack was last applied from elsewhere.
    Origin,
}

/// Shows plans to whoever applies them, and asks for consent.
pub(crate) trait PlanReader {
    fn show(&self, proposal: &Proposal<'_>);

    /// Shows what policies say of the plan.
    fn show_policies(&self, report: &PolicyReport);

    /// # Errors
    /// Nobody can answer.
    fn consent(&self, proposal: &Proposal<'_>, to: &Consent<'_>) -> Result<bool, Failure>;
}

impl Agreement<'_> {
    /// Shows the plan and applies it; `None` if the answer to the question was no.
    pub(crate) async fn apply(&self, driver: &Driver<'_>) -> Result<Option<Prepared>, Failure> {
        let (mut prepared, mut report) = self.prepare(driver).await?;
        let from = CurrentOrigin::new(self.file, &self.target.session.environment)
            .unchecked(self.options.no_lint);
        for _ in 0..MAX_ROUNDS {
            self.progress.clear();
            // A plan that changed may start the job now.
            self.inputs.check(&prepared.plan, driver.facts).await?;
            let elsewhere = self.elsewhere(&from).await?;
            if !self
                .is_agreed(&prepared, report.as_ref(), elsewhere.as_ref())
                .await?
            {
                return Ok(None);
            }
            if prepared.plan.is_empty() {
                return Ok(Some(prepared));
            }
            let lease = self.target.cloud.lease(&self.stack.name, self.progress);
            let lease = interrupt::or_stop(lease, STOPPED).await??;
            let agreed = Agreed {
                plan: &prepared.plan,
                elsewhere,
                here: &from,
            };
            let attempt = self.attempt(driver, &agreed);
            let attempted = interrupt::or_stop(attempt, STOPPED).await;
            // An error of the attempt matters more than an error of the release.
            let released = lease.release().await;
            match attempted?? {
                Attempted::Done(prepared) => {
                    released?;
                    return Ok(Some(*prepared));
                }
                Attempted::Changed(now, its_report) => (prepared, report) = (*now, its_report),
            }
        }
        Err(Failure::new(
            Exit::Failed,
            "the stack kept changing while its plan was being confirmed",
        )
        .hint("see who else changes it, then apply again")
        .hint(Command::clusterup("status").this_stack()))
    }

    /// Shows a plan and what policies say of it, and asks for consent if it needs any.
    async fn is_agreed(
        &self,
        prepared: &Prepared,
        report: Option<&PolicyReport>,
        elsewhere: Option<&OtherOrigin>,
    ) -> Result<bool, Failure> {
        let session = self.target.session;
        let catalog = session.environment.catalog();
        let plan = &prepared.plan;
        let prices = self.target.place.region().map(|region| Prices {
            catalog: &catalog,
            region,
            clusters: &prepared.observed.clusters,
            expected: recorded_costs::expected(&self.stack.name, region, session),
            now: prepared.observed.at,
        });
        // Missing permissions are reported after the plan that needs them.
        let (safeguards, missing) = match self.target.cloud.check(plan).await {
            Ok(safeguards) => (safeguards, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let proposal = Proposal {
            plan,
            target: self.target,
            prices,
            safeguards: &safeguards,
            elsewhere,
        };
        self.reader.show(&proposal);
        if let Some(error) = missing {
            return Err(error.into());
        }
        if let Some(report) = report {
            self.reader.show_policies(report);
        }
        self.admission.refuse(report)?;
        match self.consent(&proposal) {
            Some(consent) if !plan.is_empty() => self.reader.consent(&proposal, &consent),
            Some(_) | None => Ok(true),
        }
    }

    /// Where the stack was last applied from, if from elsewhere; prints a line about it.
    async fn elsewhere(&self, here: &CurrentOrigin) -> Result<Option<OtherOrigin>, Failure> {
        let cloud = &*self.target.cloud;
        let stack = &self.stack.name;
        let elsewhere = here.elsewhere(cloud, stack).await?;
        if let Some(elsewhere) = &elsewhere {
            self.target.session.reporter.say(elsewhere.line());
        }
        Ok(elsewhere)
    }

    /// Computes the plan and judges it.
    async fn prepare(
        &self,
        driver: &Driver<'_>,
    ) -> Result<(Prepared, Option<PolicyReport>), Failure> {
        let mut prepared = driver.prepare(self.options).await?;
        let report = self.admission.judge(&mut prepared).await?;
        Ok((prepared, report))
    }

    async fn attempt(
        &self,
        driver: &Driver<'_>,
        agreed: &Agreed<'_>,
    ) -> Result<Attempted, Failure> {
        let (now, report) = self.prepare(driver).await?;
        let cloud = &*self.target.cloud;
        let stack = &self.stack.name;
        let here = agreed.here.origin();
        let recorded = cloud.origin(stack).await?;
        let elsewhere = agreed.here.other(stack, recorded.as_ref());
        if elsewhere.is_some() && elsewhere != agreed.elsewhere {
            return Ok(Attempted::Changed(Box::new(now), report));
        }
        let agreed: Vec<&Action> = agreed
            .plan
            .actions
            .iter()
            .map(|planned| &planned.action)
            .collect();
        let needs_consent = |planned: &&Planned| self.needs_consent(planned);
        let mut to_confirm = now.plan.actions.iter().filter(needs_consent);
        if !to_confirm.all(|planned| agreed.contains(&&planned.action)) {
            return Ok(Attempted::Changed(Box::new(now), report));
        }
        self.admission.refuse(report.as_ref())?;
        self.admission.reserve(&now).await?;
        let is_recorded =
            |recorded: Origin| recorded.is_same(here) && recorded.unchecked == here.unchecked;
        if !recorded.is_some_and(is_recorded) {
            cloud.applied_from(here.clone());
        }
        driver.attempt(&now.plan).await?;
        Ok(Attempted::Done(Box::new(now)))
    }

    /// On a target without costs, only actions that end or replace something need consent.
    fn needs_consent(&self, planned: &Planned) -> bool {
        planned.asks || self.target.costs()
    }

    /// What the plan needs consent to; `None` if it needs none.
    fn consent<'p>(&self, proposal: &Proposal<'p>) -> Option<Consent<'p>> {
        let actions = &proposal.plan.actions;
        let removed = actions.iter().filter(|planned| planned.asks);
        let removed: Vec<_> = removed.map(|planned| &planned.action).collect();
        if !removed.is_empty() {
            Some(Consent::Removal(removed))
        } else if actions.iter().any(|planned| self.needs_consent(planned)) {
            Some(Consent::Account)
        } else {
            proposal.elsewhere.map(|_| Consent::Origin)
        }
    }
}

/// What was shown and confirmed.
struct Agreed<'a> {
    plan: &'a Plan,
    elsewhere: Option<OtherOrigin>,
    here: &'a CurrentOrigin,
}

enum Attempted {
    Done(Box<Prepared>),
    /// The plan is no longer the one that was confirmed.
    Changed(Box<Prepared>, Option<PolicyReport>),
}
