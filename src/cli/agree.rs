//! Shows a plan, asks for consent and applies it. Under the lease the plan is computed again;
//! actions that nobody consented to are shown and asked about again.

use super::admission::{Admission, PolicyReport};
use super::args::ApplyArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::interrupt;
use super::ledger;
use super::origin::{CurrentOrigin, OtherOrigin};
use super::prompt::consent;
use super::screen::Screen;
use super::target::Target;
use super::view;
use super::view::price::Prices;
use super::view::progress::Progress;
use crate::model::action::Action;
use crate::model::hint::Command;
use crate::model::plan::{Plan, Planned};
use crate::model::stack::Stack;
use crate::plan::Options;
use crate::run::driver::{Driver, Prepared};

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted before the plan was applied completely",
    "apply again to continue, or destroy to delete what exists",
];

/// How often a plan that changed meanwhile is shown again.
const MAX_ROUNDS: usize = 3;

pub(super) struct Agreement<'a> {
    pub(super) args: &'a ApplyArgs,
    pub(super) context: &'a Context,
    pub(super) screen: &'a Screen,
    pub(super) target: &'a Target,
    pub(super) progress: &'a Progress<'a>,
    pub(super) stack: &'a Stack,
    pub(super) admission: &'a Admission<'a>,
}

impl Agreement<'_> {
    /// Shows the plan and applies it; `None` if the answer to the question was no.
    pub(super) async fn apply(&self, driver: &Driver<'_>) -> Result<Option<Prepared>, Failure> {
        let options = Options {
            again: self.args.plan.again,
            create_roles: self.args.plan.create_roles,
        };
        let catalog = self.context.catalog();
        let (mut prepared, mut report) = self.prepare(driver, options).await?;
        let from = CurrentOrigin::new(&self.args.plan.stack.stack, self.context);
        for _ in 0..MAX_ROUNDS {
            self.progress.clear();
            let elsewhere = self.elsewhere(&from).await?;
            let prices = self.target.region.as_ref().map(|region| Prices {
                catalog: &catalog,
                region,
                clusters: &prepared.observed.clusters,
                expected: ledger::expected(&self.stack.name, region, self.context, self.screen),
                now: prepared.observed.at,
            });
            let safeguards = self.target.cloud.check(&prepared.plan).await;
            let shown = safeguards.as_deref().unwrap_or_default();
            let plan = &prepared.plan;
            let here = &self.screen.here;
            let shown = view::plan::render(plan, self.target, prices.as_ref(), shown, here);
            self.screen.text(&shown);
            safeguards?;
            if let Some(report) = &report {
                self.screen.text(&view::policy::render(report));
            }
            self.admission.refuse(report.as_ref())?;
            if prepared.plan.is_empty() {
                return Ok(Some(prepared));
            }
            if !self.consent(&prepared.plan, prices.as_ref(), elsewhere.as_ref())? {
                return Ok(None);
            }
            let lease = self.target.cloud.lease(&self.stack.name, self.progress);
            let lease = interrupt::or_stop(lease, STOPPED).await??;
            let agreed = Agreed {
                plan: &prepared.plan,
                elsewhere,
                here: &from,
            };
            let attempt = self.attempt(driver, options, &agreed);
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

    /// Where the stack was last applied from, if from elsewhere; prints a line about it.
    async fn elsewhere(&self, here: &CurrentOrigin) -> Result<Option<OtherOrigin>, Failure> {
        let cloud = &*self.target.cloud;
        let stack = &self.stack.name;
        let elsewhere = here.elsewhere(cloud, stack).await?;
        if let Some(elsewhere) = &elsewhere {
            self.screen.say(elsewhere.line());
        }
        Ok(elsewhere)
    }

    /// Computes the plan and judges it.
    async fn prepare(
        &self,
        driver: &Driver<'_>,
        options: Options,
    ) -> Result<(Prepared, Option<PolicyReport>), Failure> {
        let mut prepared = driver.prepare(options).await?;
        let report = self.admission.judge(&mut prepared).await?;
        Ok((prepared, report))
    }

    async fn attempt(
        &self,
        driver: &Driver<'_>,
        options: Options,
        agreed: &Agreed<'_>,
    ) -> Result<Attempted, Failure> {
        let (now, report) = self.prepare(driver, options).await?;
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
        if recorded.is_none_or(|recorded| !recorded.is_same(here)) {
            cloud.applied_from(here.clone());
        }
        driver.attempt(&now.plan).await?;
        Ok(Attempted::Done(Box::new(now)))
    }

    /// On a target without costs, only actions that end or replace something need consent.
    fn needs_consent(&self, planned: &Planned) -> bool {
        planned.asks || self.target.costs()
    }

    /// The part of the question on the new cluster's price; empty if the price is unknown.
    fn price(plan: &Plan, prices: Option<&Prices<'_>>) -> String {
        let estimate = prices.and_then(|prices| prices.estimate(plan));
        estimate.map_or(String::new(), |estimate| {
            format!(
                " and costs {}/h from then on",
                view::price::cents(estimate.hourly)
            )
        })
    }

    fn consent(
        &self,
        plan: &Plan,
        prices: Option<&Prices<'_>>,
        elsewhere: Option<&OtherOrigin>,
    ) -> Result<bool, Failure> {
        let removed = plan.actions.iter().filter(|planned| planned.asks);
        let removed: Vec<_> = removed
            .map(|planned| view::words::action(&planned.action))
            .collect();
        let question = if !removed.is_empty() {
            format!("This ends or deletes {}. Continue?", removed.join(", "))
        } else if plan
            .actions
            .iter()
            .any(|planned| self.needs_consent(planned))
        {
            let place = self.target.place();
            let price = Self::price(plan, prices);
            format!("This changes your AWS account {place}{price}. Continue?")
        } else if elsewhere.is_some() {
            "This changes that stack. Continue?".to_owned()
        } else {
            return Ok(true);
        };
        let question = OtherOrigin::before(elsewhere, question);
        consent(&question, self.args.yes, self.context)
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
