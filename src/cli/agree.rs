//! What is shown, agreed to, and then made true: a plan is made under the lease anew, and what it
//! has got besides what was agreed to is asked about again.

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

/// What Ctrl-C leaves, and how to go on.
const STOPPED: [&str; 2] = [
    "interrupted before everything was made",
    "apply again goes on from here; destroy removes what there is",
];

/// Times that a world which changes meanwhile is looked at again.
const ROUNDS: usize = 3;

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
    /// Shows the plan and makes it true; none where the answer was no.
    pub(super) async fn make_true(&self, driver: &Driver<'_>) -> Result<Option<Prepared>, Failure> {
        let options = Options {
            again: self.args.plan.again,
            create_roles: self.args.plan.create_roles,
        };
        let catalog = self.context.catalog();
        let (mut prepared, mut said) = self.prepare(driver, options).await?;
        let from = CurrentOrigin::new(&self.args.plan.stack.stack, self.context);
        for _ in 0..ROUNDS {
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
            if let Some(said) = &said {
                self.screen.text(&view::policy::render(said));
            }
            self.admission.refuse(said.as_ref())?;
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
            let made = interrupt::or_stop(attempt, STOPPED).await;
            // What went wrong under the lease matters more than letting go of it.
            let released = lease.release().await;
            match made?? {
                Made::True(prepared) => {
                    released?;
                    return Ok(Some(*prepared));
                }
                Made::Moved(now, says) => (prepared, said) = (*now, says),
            }
        }
        Err(Failure::new(
            Exit::Failed,
            "the stack changes faster than it can be agreed to",
        )
        .hint("see who else works on it, then apply again")
        .hint(Command::clusterup("status").this_stack()))
    }

    /// Where the stack was applied last, said where that is not here.
    async fn elsewhere(&self, here: &CurrentOrigin) -> Result<Option<OtherOrigin>, Failure> {
        let cloud = &*self.target.cloud;
        let stack = &self.stack.name;
        let elsewhere = here.elsewhere(cloud, stack).await?;
        if let Some(elsewhere) = &elsewhere {
            self.screen.say(elsewhere.line());
        }
        Ok(elsewhere)
    }

    /// A plan, and what policies say of it.
    async fn prepare(
        &self,
        driver: &Driver<'_>,
        options: Options,
    ) -> Result<(Prepared, Option<PolicyReport>), Failure> {
        let mut prepared = driver.prepare(options).await?;
        let said = self.admission.judge(&mut prepared).await?;
        Ok((prepared, said))
    }

    async fn attempt(
        &self,
        driver: &Driver<'_>,
        options: Options,
        agreed: &Agreed<'_>,
    ) -> Result<Made, Failure> {
        let (now, said) = self.prepare(driver, options).await?;
        let cloud = &*self.target.cloud;
        let stack = &self.stack.name;
        let here = agreed.here.origin();
        let known = cloud.origin(stack).await?;
        let elsewhere = agreed.here.other(stack, known.as_ref());
        if elsewhere.is_some() && elsewhere != agreed.elsewhere {
            return Ok(Made::Moved(Box::new(now), said));
        }
        let agreed: Vec<&Action> = agreed
            .plan
            .actions
            .iter()
            .map(|planned| &planned.action)
            .collect();
        let asks = |planned: &&Planned| self.asks(planned);
        let mut asked = now.plan.actions.iter().filter(asks);
        if !asked.all(|planned| agreed.contains(&&planned.action)) {
            return Ok(Made::Moved(Box::new(now), said));
        }
        self.admission.refuse(said.as_ref())?;
        self.admission.reserve(&now).await?;
        if known.is_none_or(|known| !known.is_same(here)) {
            cloud.applied_from(here.clone());
        }
        driver.attempt(&now.plan).await?;
        Ok(Made::True(Box::new(now)))
    }

    /// Where nothing costs anything, only what is ended or replaced is asked about.
    fn asks(&self, planned: &Planned) -> bool {
        planned.asks || self.target.costs()
    }

    /// What it costs from a yes on, where that is known.
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
            format!("This ends or removes {}. Go on?", removed.join(", "))
        } else if plan.actions.iter().any(|planned| self.asks(planned)) {
            let place = self.target.place();
            let price = Self::price(plan, prices);
            format!("This changes your AWS account {place}{price}. Go on?")
        } else if elsewhere.is_some() {
            "This changes that stack. Go on?".to_owned()
        } else {
            return Ok(true);
        };
        let question = OtherOrigin::before(elsewhere, question);
        consent(&question, self.args.yes, self.context)
    }
}

/// What was shown and agreed to.
struct Agreed<'a> {
    plan: &'a Plan,
    elsewhere: Option<OtherOrigin>,
    here: &'a CurrentOrigin,
}

enum Made {
    True(Box<Prepared>),
    /// The world is another than what was agreed to.
    Moved(Box<Prepared>, Option<PolicyReport>),
}
