//! One run of the program: the account as one process sees it, with its own faults, running the
//! verbs.

use crate::request::{Case, FILES};
use crate::watched::Watched;
use clusterup::cloud::account::{Account, Addresses, Settings};
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::meter::Metered;
use clusterup::cloud::retry::Retrying;
use clusterup::cloud::{Class, Cloud, CloudError, Leasing, Observing, Planning, SharedResources};
use clusterup::cost::catalog::Catalog;
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::model::name::StackName;
use clusterup::model::plan::Plan;
use clusterup::plan::{self, Options};
use clusterup::run::driver::{Driver, Prepared, Stopped};
use clusterup::run::follow::{Following, Outcome};
use clusterup::run::reconcile::reconcile;
use clusterup_testkit::flaky::{Fault, Flaky, Moment};
use clusterup_testkit::sim::{Sim, SimClock};
use std::future::Future;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

type Served = Retrying<Metered<Flaky<Watched>>>;

/// One for all processes: it is large, and worlds are many.
static PRICES: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(Catalog::bundled().clone()));

/// Longer than the program waits: worlds are many.
const POLL: u64 = 60;

pub(crate) const ADDRESS: &str = "203.0.113.7";

pub(crate) struct Process {
    pub(crate) account: Account<Served>,
    api: Rc<Served>,
    clock: SimClock,
}

impl Process {
    /// A process in which nothing goes wrong.
    pub(crate) fn calm(sim: &Sim, seed: u64) -> Self {
        Self::new(sim, "ann@desk", seed, |_| None)
    }

    pub(crate) fn new(
        sim: &Sim,
        who: &str,
        seed: u64,
        choose: impl FnMut(Moment) -> Option<Fault> + 'static,
    ) -> Self {
        let watched = Watched::new(sim.clone());
        Self::skewed(watched, (who, sim.clock()), seed, choose)
    }

    /// On a machine with a clock of its own.
    pub(crate) fn skewed(
        watched: Watched,
        (who, clock): (&str, SimClock),
        seed: u64,
        choose: impl FnMut(Moment) -> Option<Fault> + 'static,
    ) -> Self {
        let flaky = Flaky::new(watched, choose);
        let api = Rc::new(Retrying::new(Metered::new(flaky), seed));
        let settings = Settings {
            region: "us-east-1".parse().unwrap(),
            clock: Arc::new(clock),
            who: who.to_owned(),
            addresses: Addresses::fixed(vec![ADDRESS.parse().unwrap()]),
            keys: FILES.path().join("keys"),
            store: Store::new(FILES.path().join("cache"), None),
            labels: FILES.path().join("labels"),
            prices: Arc::clone(&PRICES),
            home: None,
            poll: Duration::from_secs(POLL),
            seed,
        };
        let account = Account::new(api.clone(), settings);
        Self {
            account,
            api,
            clock,
        }
    }

    pub(crate) fn flaky(&self) -> &Flaky<Watched> {
        &self.api.inner.inner
    }

    /// The number of calls so far.
    pub(crate) fn calls(&self) -> u64 {
        let tallies = self.meter().tallies();
        tallies.values().map(|tally| tally.calls).sum()
    }

    pub(crate) fn meter(&self) -> &Metered<Flaky<Watched>> {
        &self.api.inner
    }

    /// The result of `work`. `None` if the process dies before it is done.
    pub(crate) async fn until_death<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.flaky().died() => None,
            done = work => Some(done),
        }
    }

    pub(crate) fn driver<'a>(&'a self, case: &'a Case) -> Driver<'a> {
        Driver {
            cloud: &self.account,
            stack: &case.stack,
            facts: &case.facts,
            listener: &NoListener,
            clock: &self.clock,
        }
    }

    pub(crate) async fn plan(&self, case: &Case) -> Result<Plan, Stopped> {
        let prepared = self.driver(case).prepare(Options::default()).await?;
        self.account.check(&prepared.plan).await?;
        Ok(prepared.plan)
    }

    /// `apply --detach --yes`.
    pub(crate) async fn detached(&self, case: &Case) -> Result<Prepared, Stopped> {
        let driver = self.driver(case);
        let mut prepared = driver.prepare(Options::default()).await?;
        for _ in 0..3 {
            if prepared.plan.is_empty() {
                return Ok(prepared);
            }
            self.account.check(&prepared.plan).await?;
            let lease = self.account.lease(&case.stack.name, &NoListener).await?;
            let made = attempt(&driver, &prepared.plan).await;
            let released = lease.release().await;
            match made? {
                (true, now) => {
                    released?;
                    return Ok(now);
                }
                (false, now) => prepared = now,
            }
        }
        let message = "the stack changes faster than it can be agreed to";
        Err(CloudError::new(Class::Failed, message).into())
    }

    /// `apply --yes`: what became of the job, if there is one.
    pub(crate) async fn applied(&self, case: &Case) -> Result<Option<Outcome>, Stopped> {
        let driver = self.driver(case);
        let prepared = self.detached(case).await?;
        let outcome = driver.follow(&prepared, &mut Following::default()).await?;
        if outcome.is_none_or(|outcome| outcome == Outcome::Completed) {
            let lease = self.account.lease(&case.stack.name, &NoListener).await?;
            let settled = driver.settle().await;
            lease.release().await?;
            settled?;
            driver.ready().await?;
        }
        driver.ended().await?;
        self.account.observe(&case.stack.name, None).await?;
        Ok(outcome)
    }

    /// `destroy --yes`.
    pub(crate) async fn destroyed(&self, stack: &StackName) -> Result<(), Stopped> {
        let plan = self.there(stack).await?;
        if !plan.is_empty() {
            let lease = self.account.lease(stack, &NoListener).await?;
            let removed = self.remove(stack).await;
            lease.release().await?;
            removed?;
        }
        Ok(self.account.remove_shared().await?)
    }

    async fn there(&self, stack: &StackName) -> Result<Plan, Stopped> {
        let plan = plan::destroy(stack, &self.account.inventory(stack).await?);
        if !plan.is_empty() {
            return Ok(plan);
        }
        tokio::time::sleep(self.account.lag()).await;
        Ok(plan::destroy(stack, &self.account.inventory(stack).await?))
    }

    async fn remove(&self, stack: &StackName) -> Result<(), Stopped> {
        for _ in 0..3 {
            let plan = self.there(stack).await?;
            if plan.is_empty() {
                return Ok(());
            }
            reconcile(&self.account, &plan, &NoListener).await?;
        }
        let message = format!("something of stack {stack} is still there");
        Err(CloudError::new(Class::Failed, message).into())
    }
}

/// Whether the plan made under the lease was what was agreed to, and so was made true.
async fn attempt(driver: &Driver<'_>, agreed: &Plan) -> Result<(bool, Prepared), Stopped> {
    let now = driver.prepare(Options::default()).await?;
    let agreed: Vec<&Action> = agreed
        .actions
        .iter()
        .map(|planned| &planned.action)
        .collect();
    let mut asked = now.plan.actions.iter();
    if !asked.all(|planned| agreed.contains(&&planned.action)) {
        return Ok((false, now));
    }
    driver.attempt(&now.plan).await?;
    Ok((true, now))
}
