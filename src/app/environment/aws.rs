//! AWS, as this environment's credentials reach it.

use super::Environment;
use super::region::{any_region, check_partition, invalid_region};
use crate::app::failure::{Exit, Failure};
use crate::cloud::Cloud;
use crate::cloud::account::{Account, Addresses, Settings};
use crate::cloud::aws::{AssumedRole, Client};
use crate::cloud::budgets::actuals;
use crate::cloud::description::{Description, describe};
use crate::cloud::fleet::FleetProvider;
use crate::cloud::meter::Metered;
use crate::cloud::notify::{Channel, Sns, Topic};
use crate::cloud::organization;
use crate::cloud::pace::Paced;
use crate::cloud::policy_prefix::{PolicyFiles, Prefix};
use crate::cloud::retry::Retrying;
use crate::model::clock::Clock;
use crate::model::money::Usd;
use crate::model::name::{AccountId, ClusterId, PolicyName, Region, TeamName};
use crate::model::partition::Partition;
use crate::model::span::Span;
use crate::model::watched_account::WatchedAccount;
use crate::run::clock::SystemClock;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

impl Environment {
    async fn client(&self, region: &Region) -> Client {
        Client::connect(region, self.login.clone(), Arc::new(SystemClock)).await
    }

    /// A region of AWS as a cloud.
    pub(crate) async fn aws(&self, region: &Region) -> Result<Box<dyn Cloud>, Failure> {
        let settings = self.account_of(region)?;
        let sdk = Metered::new(self.client(region).await).of(region);
        let retrying = Retrying::new(sdk, settings.seed);
        let api = Rc::new(retrying.with_listener((self.terminal.waits)()));
        Ok(Box::new(Account::new(api, settings)))
    }

    fn account_of(&self, region: &Region) -> Result<Settings, Failure> {
        check_partition(region)?;
        Ok(Settings {
            region: region.clone(),
            clock: Arc::new(SystemClock),
            who: self.who.clone(),
            addresses: Addresses::lookup(self.overrides.check_ip.clone()),
            keys: self.state_folder()?.join("keys"),
            store: self.store()?,
            labels: self.cache_folder()?.join("releases"),
            prices: self.catalog(),
            home: self.home.clone(),
            poll: Duration::from_secs(self.settings.poll.value.map_or(30, Span::as_secs)),
            seed: seed()?,
        })
    }

    /// A region of AWS for the watchdog, with calls paced below AWS's limits.
    pub(crate) async fn fleet(&self, region: &Region) -> Result<Rc<dyn FleetProvider>, Failure> {
        let settings = self.account_of(region)?;
        Ok(Rc::new(watched(self.client(region).await, settings)))
    }

    /// The regions of another account for the watchdog, with credentials and a pace of their own.
    /// `home` is the region whose STS is asked for the credentials, and the default of the regions.
    pub(crate) async fn account_fleets(
        &self,
        account: &WatchedAccount,
        home: &BTreeSet<Region>,
    ) -> Result<Vec<Rc<dyn FleetProvider>>, Failure> {
        let regions = account.regions.as_ref();
        let regions: Vec<&Region> = match regions {
            Some(regions) => regions.iter().collect(),
            None => home.iter().collect(),
        };
        let sts = home.first().or(regions.first().copied());
        let Some(sts) = sts else {
            return Ok(Vec::new());
        };
        let clock = Arc::new(SystemClock);
        let role = AssumedRole::new(account.clone(), sts, &self.login, clock.clone()).await;
        let mut fleets: Vec<Rc<dyn FleetProvider>> = Vec::new();
        for region in regions {
            let settings = self.account_of(region)?;
            let login = self.login.clone();
            let client = Client::assume(region, login, clock.clone(), role.clone()).await;
            fleets.push(Rc::new(watched(client, settings).of(account.id.clone())));
        }
        Ok(fleets)
    }

    /// The active accounts of the organization that the user's own account manages.
    pub(crate) async fn members(&self, region: &Region) -> Result<BTreeSet<AccountId>, Failure> {
        Ok(organization::members(&self.services(region).await?).await?)
    }

    /// The account of the user's own credentials.
    pub(crate) async fn own_account(&self, region: &Region) -> Result<AccountId, Failure> {
        let settings = self.account_of(region)?;
        let account = watched(self.client(region).await, settings);
        Ok(account.identity().await?.account)
    }

    /// An SNS topic for notices.
    pub(crate) async fn topic(&self, topic: Topic) -> Result<Box<dyn Channel>, Failure> {
        let region = topic.region().clone();
        Ok(Box::new(Sns::new(self.services(&region).await?, topic)))
    }

    /// AWS's services for what belongs to no stack: prices, budgets.
    pub(crate) async fn services(
        &self,
        region: &Region,
    ) -> Result<Retrying<Metered<Client>>, Failure> {
        check_partition(region)?;
        let sdk = Metered::new(self.client(region).await).of(region);
        Ok(Retrying::new(sdk, seed()?).with_listener((self.terminal.waits)()))
    }

    /// What EMR says of a cluster of a region, no matter who created it; `None` if EMR does not know it.
    pub(crate) async fn description(
        &self,
        region: &Region,
        id: &ClusterId,
    ) -> Result<Option<Description>, Failure> {
        let api = self.services(region).await?;
        Ok(describe(&api, id.as_str()).await?)
    }

    /// What AWS Budgets reports as spent this month, for each of the team's policies.
    pub(crate) async fn spent_by_aws(
        &self,
        team: &TeamName,
        account: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, Failure> {
        let any = any_region(self).await?;
        if !Partition::of(&any).has_billing() {
            return Ok(BTreeMap::new());
        }
        let api = self.services(&any).await?;
        let budgets = actuals(&api, account).await?;
        let of_team = budgets.into_iter().filter(|((_, owner), _)| owner == team);
        Ok(of_team
            .map(|((policy, _), actual)| (policy, actual.usd))
            .collect())
    }

    /// A team's policies in S3, in any region.
    pub(crate) async fn policy_prefix(&self, place: &str) -> Result<PolicyFiles, Failure> {
        let prefix = Prefix::parse(place)?;
        let cache = self.cache_folder()?.join("policies");
        let now = SystemClock.now();
        let any = self.services(&any_region(self).await?).await?;
        let region = match prefix.region(&any).await {
            Ok(region) => region,
            Err(error) => return Ok(prefix.cached(error, &cache, now)?),
        };
        let api = self
            .services(&region.parse().map_err(invalid_region)?)
            .await?;
        Ok(prefix.read(&api, &cache, now).await?)
    }
}

/// A region whose calls are paced and counted by themselves.
fn watched(client: Client, settings: Settings) -> Account<Retrying<Paced<Metered<Client>>>> {
    let sdk = Metered::new(client).of(&settings.region);
    let api = Rc::new(Retrying::new(Paced::new(sdk), settings.seed));
    let counted = api.clone();
    Account::new(api, settings).with_call_counts(move || {
        let tallies = counted.inner.inner.tallies().into_iter();
        tallies
            .map(|(name, tally)| (name.to_owned(), tally.calls))
            .collect()
    })
}

/// The seed of random names, which must be unique.
fn seed() -> Result<u64, Failure> {
    let mut bytes = [0_u8; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(
        |error| {
            Failure::new(Exit::Failed, "cannot read random numbers")
                .caused_by(&std::io::Error::from(error))
        },
    )?;
    Ok(u64::from_ne_bytes(bytes))
}
