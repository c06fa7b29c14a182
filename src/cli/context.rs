//! The environment: variables, folders and credentials. Nothing else reads them.

use crate::cloud::Cloud;
#[cfg(feature = "aws")]
use crate::cloud::account::{Account, Addresses, Settings};
#[cfg(feature = "aws")]
use crate::cloud::aws::{Ask, Client, Login};
use crate::cloud::fleet::FleetProvider;
use crate::cloud::local::runtime::Store;
use crate::cloud::local::{Local, Machine};
use crate::cloud::notify::{Channel, Topic};
use crate::cloud::policy_prefix::PolicyFiles;
use crate::cloud::prices::{PriceCache, Spoilt};
#[cfg(feature = "aws")]
use crate::cloud::{
    budgets::actuals, meter::Metered, notify::Sns, pace::Paced, policy_prefix::Prefix,
    retry::Retrying,
};
use crate::cost::catalog::Catalog;
#[cfg(feature = "aws")]
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, Region, TeamName};
#[cfg(feature = "aws")]
use crate::model::partition::Partition;
#[cfg(feature = "aws")]
use crate::model::span::Span;
use crate::run::clock::SystemClock;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::future::Future;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
#[cfg(feature = "aws")]
use std::time::Duration;

use super::failure::{Exit, Failure};
use super::screen::Screen;
#[cfg(feature = "aws")]
use super::waits::Waits;

pub(super) struct Context {
    home: Option<PathBuf>,
    state: Option<PathBuf>,
    cache: Option<PathBuf>,
    settings: Option<PathBuf>,
    path: Option<OsString>,
    environment: BTreeMap<String, String>,
    catalog: OnceCell<Arc<Catalog>>,
    /// The user, `name@host`, as in rules, leases and records.
    pub(super) who: String,
    #[cfg(feature = "aws")]
    overrides: Overrides,
    #[cfg(feature = "aws")]
    login: Rc<Login>,
    /// The log filter if no flag sets it: RUST_LOG.
    pub(super) log: Option<String>,
    pub(super) no_color: bool,
    pub(super) stdin_is_terminal: bool,
}

/// Variables that override clusterup's defaults, besides the SDK's downloaded settings.
#[cfg(feature = "aws")]
struct Overrides {
    /// The interval between two polls.
    poll: Option<Span>,
    /// The URL that returns this machine's public address.
    check_ip: Option<String>,
}

#[cfg(feature = "aws")]
impl Overrides {
    #[expect(
        clippy::disallowed_methods,
        reason = "this module reads the environment"
    )]
    fn from_environment() -> Self {
        Self {
            poll: env::var("CLUSTERUP_POLL")
                .ok()
                .and_then(|text| text.parse().ok()),
            check_ip: env::var("CLUSTERUP_CHECKIP_URL").ok(),
        }
    }
}

impl Context {
    #[expect(
        clippy::disallowed_methods,
        reason = "this module reads the environment"
    )]
    pub(super) fn from_environment() -> Self {
        let folder = |name: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                // Records hold paths as text, and the supervisor runs in another folder.
                .filter(|p| p.is_absolute() && p.to_str().is_some())
        };
        let home = folder("HOME");
        let under = |variable: &str, default: &str| {
            folder(variable).or_else(|| Some(home.as_ref()?.join(default)))
        };
        let stdin_is_terminal = std::io::stdin().is_terminal();
        Self {
            state: under("XDG_STATE_HOME", ".local/state"),
            cache: under("XDG_CACHE_HOME", ".cache"),
            settings: under("XDG_CONFIG_HOME", ".config"),
            path: env::var_os("PATH"),
            who: who(),
            #[cfg(feature = "aws")]
            overrides: Overrides::from_environment(),
            #[cfg(feature = "aws")]
            login: Rc::new(Login::new(mfa_prompt(stdin_is_terminal))),
            environment: inherited_variables(),
            catalog: OnceCell::new(),
            log: env::var("RUST_LOG")
                .ok()
                .filter(|filter| !filter.is_empty()),
            no_color: env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            stdin_is_terminal,
            home,
        }
    }

    /// The user's home folder, if there is one.
    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    fn cache_folder(&self) -> Result<PathBuf, Failure> {
        let cache = self.cache.as_ref();
        let cache = cache.ok_or_else(|| no_folder("XDG_CACHE_HOME"))?;
        Ok(cache.join("clusterup"))
    }

    /// The folder of keys and of the ledger.
    pub(super) fn state_folder(&self) -> Result<PathBuf, Failure> {
        let state = self.state.as_ref();
        let state = state.ok_or_else(|| no_folder("XDG_STATE_HOME"))?;
        Ok(state.join("clusterup"))
    }

    /// The folder of the user's settings, `~/.config` by default.
    pub(super) fn settings(&self) -> Result<PathBuf, Failure> {
        let settings = self.settings.clone();
        settings.ok_or_else(|| no_folder("XDG_CONFIG_HOME"))
    }

    /// The store of the local target's runtime.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::new(self.cache_folder()?, self.path.clone()))
    }

    /// The cache of prices that the user downloaded.
    pub(super) fn price_cache(&self) -> Result<PriceCache, Failure> {
        let folder = self.store()?.folder().join("prices");
        Ok(PriceCache::new(folder))
    }

    /// The bundled prices, overlaid with the user's downloaded ones. Warns once of files that
    /// cannot be read.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(self.catalog.get_or_init(|| Arc::new(self.read_catalog())))
    }

    fn read_catalog(&self) -> Catalog {
        let mut catalog = Catalog::bundled().clone();
        let Ok(cache) = self.price_cache() else {
            return catalog;
        };
        let (downloaded, spoilt) = cache.read();
        downloaded
            .into_iter()
            .for_each(|downloaded| catalog.overlay(downloaded));
        for Spoilt { path, region, why } in spoilt {
            let path = path.display();
            Screen::aside(&format!("warning: ignoring the prices in {path}: {why}"));
            let refresh = Command::clusterup("prices refresh --region").arg(region.to_string());
            Screen::aside(&format!("  next: {refresh}"));
        }
        catalog
    }

    /// The ledger's file.
    pub(super) fn ledger(&self) -> Result<PathBuf, Failure> {
        let state = self.state.as_ref();
        let state = state.ok_or_else(|| no_folder("XDG_STATE_HOME"))?;
        Ok(state.join("clusterup").join("ledger.db"))
    }

    /// This machine as a cloud.
    pub(super) fn local(&self) -> Result<Local, Failure> {
        let state = self
            .state
            .as_ref()
            .ok_or_else(|| no_folder("XDG_STATE_HOME"))?;
        let program = env::current_exe().map_err(|error| {
            Failure::new(Exit::Failed, "cannot find clusterup's own path").caused_by(&error)
        })?;
        let machine = Machine {
            program,
            home: self.home.clone(),
            environment: self.environment.clone(),
        };
        let root = state.join("clusterup").join("local");
        Ok(Local::new(
            root,
            self.store()?,
            machine,
            self.catalog(),
            Arc::new(SystemClock),
        ))
    }

    #[cfg(feature = "aws")]
    async fn client(&self, region: &Region) -> Client {
        Client::connect(region, self.login.clone(), Arc::new(SystemClock)).await
    }

    /// A region of AWS as a cloud.
    #[cfg(feature = "aws")]
    pub(super) async fn aws(&self, region: &Region) -> Result<Box<dyn Cloud>, Failure> {
        let settings = self.account_of(region)?;
        let sdk = Metered::new(self.client(region).await).of(region);
        let retrying = Retrying::new(sdk, settings.seed);
        let api = Rc::new(retrying.with_listener(Rc::new(Waits::default())));
        Ok(Box::new(Account::new(api, settings)))
    }

    #[cfg(feature = "aws")]
    fn account_of(&self, region: &Region) -> Result<Settings, Failure> {
        check_partition(region)?;
        let state = self.state.as_ref();
        let state = state.ok_or_else(|| no_folder("XDG_STATE_HOME"))?;
        Ok(Settings {
            region: region.clone(),
            clock: Arc::new(SystemClock),
            who: self.who.clone(),
            addresses: Addresses::lookup(self.overrides.check_ip.clone()),
            keys: state.join("clusterup").join("keys"),
            store: self.store()?,
            labels: self.cache_folder()?.join("releases"),
            prices: self.catalog(),
            home: self.home.clone(),
            poll: Duration::from_secs(self.overrides.poll.map_or(30, Span::as_secs)),
            seed: seed()?,
        })
    }

    /// A region of AWS for the watchdog, with calls paced below AWS's limits.
    #[cfg(feature = "aws")]
    pub(super) async fn fleet(&self, region: &Region) -> Result<Rc<dyn FleetProvider>, Failure> {
        let settings = self.account_of(region)?;
        let sdk = Metered::new(self.client(region).await).of(region);
        let api = Rc::new(Retrying::new(Paced::new(sdk), settings.seed));
        let counted = api.clone();
        let account = Account::new(api, settings).with_call_counts(move || {
            let tallies = counted.inner.inner.tallies().into_iter();
            tallies
                .map(|(name, tally)| (name.to_owned(), tally.calls))
                .collect()
        });
        Ok(Rc::new(account))
    }

    /// An SNS topic for notices.
    #[cfg(feature = "aws")]
    pub(super) async fn topic(&self, topic: Topic) -> Result<Box<dyn Channel>, Failure> {
        let region = topic.region().clone();
        Ok(Box::new(Sns::new(self.services(&region).await?, topic)))
    }

    #[cfg(not(feature = "aws"))]
    pub(super) async fn fleet(&self, _: &Region) -> Result<Rc<dyn FleetProvider>, Failure> {
        Err(super::target::without_aws())
    }

    #[cfg(not(feature = "aws"))]
    pub(super) async fn topic(&self, _: Topic) -> Result<Box<dyn Channel>, Failure> {
        Err(super::target::without_aws())
    }

    /// AWS's services for what belongs to no stack: prices, budgets.
    #[cfg(feature = "aws")]
    pub(super) async fn services(
        &self,
        region: &Region,
    ) -> Result<Retrying<Metered<Client>>, Failure> {
        check_partition(region)?;
        let sdk = Metered::new(self.client(region).await).of(region);
        Ok(Retrying::new(sdk, seed()?).with_listener(Rc::new(Waits::default())))
    }

    /// What AWS Budgets reports as spent this month, for each of the team's policies.
    #[cfg(feature = "aws")]
    pub(super) async fn spent_by_aws(
        &self,
        team: &TeamName,
        account: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, Failure> {
        let any = any_region().await?;
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

    #[cfg(not(feature = "aws"))]
    pub(super) async fn spent_by_aws(
        &self,
        _: &TeamName,
        _: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, Failure> {
        Ok(BTreeMap::new())
    }

    /// A team's policies in S3, in any region.
    #[cfg(feature = "aws")]
    pub(super) async fn policy_prefix(&self, place: &str) -> Result<PolicyFiles, Failure> {
        let prefix = Prefix::parse(place)?;
        let cache = self.cache_folder()?.join("policies");
        let now = SystemClock.now();
        let any = self.services(&any_region().await?).await?;
        let region = match prefix.region(&any).await {
            Ok(region) => region,
            Err(error) => return Ok(prefix.cached(error, &cache, now)?),
        };
        let api = self
            .services(&region.parse().map_err(invalid_region)?)
            .await?;
        Ok(prefix.read(&api, &cache, now).await?)
    }

    #[cfg(not(feature = "aws"))]
    pub(super) async fn policy_prefix(&self, _: &str) -> Result<PolicyFiles, Failure> {
        Err(super::target::without_aws())
    }

    #[cfg(not(feature = "aws"))]
    pub(super) async fn aws(&self, _: &Region) -> Result<Box<dyn Cloud>, Failure> {
        Err(super::target::without_aws())
    }

    /// Runs to the end on this thread: child processes are tied to the thread that starts them.
    pub(super) fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| {
            Failure::new(Exit::Failed, "cannot start the async runtime").caused_by(&error)
        })?;
        // Tasks beside the work, such as the heartbeat of a lease, stay on this thread too.
        let done = tokio::task::LocalSet::new().block_on(&runtime, work);
        // A prompt that is still open must not keep the process alive.
        runtime.shutdown_background();
        done
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module reads the environment"
)]
fn who() -> String {
    let user = env::var("USER").or_else(|_| env::var("LOGNAME"));
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    format!("{}@{host}", user.as_deref().unwrap_or("somebody"))
}

/// The variables that a local cluster's processes inherit: as on EMR, almost none.
#[expect(
    clippy::disallowed_methods,
    reason = "this module reads the environment"
)]
fn inherited_variables() -> BTreeMap<String, String> {
    let names = ["HOME", "LANG", "LC_ALL", "PATH", "TZ", "USER"];
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
        .collect()
}

/// Asks for MFA codes, if a person can answer.
#[cfg(feature = "aws")]
fn mfa_prompt(stdin_is_terminal: bool) -> Option<Ask> {
    let ask = |question: &str| super::prompt::ask(question);
    stdin_is_terminal.then(|| Box::new(ask) as Ask)
}

/// The seed of random names, which must be unique.
#[cfg(feature = "aws")]
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

/// A region of the profile's partition; its S3 can locate every bucket of the partition.
#[cfg(feature = "aws")]
async fn any_region() -> Result<Region, Failure> {
    let known = super::target::known_region().await;
    let part = known.map_or(Partition::Aws, |region| Partition::of(&region));
    part.any_region().parse().map_err(invalid_region)
}

/// Refuses partitions of AWS that clusterup does not support.
#[cfg(feature = "aws")]
fn check_partition(region: &Region) -> Result<(), Failure> {
    let part = Partition::of(region);
    let Some(why) = part.refusal() else {
        return Ok(());
    };
    let message = format!(
        "clusterup does not support {region} in {}: {why}",
        part.name()
    );
    Err(Failure::input(message).hint("use a commercial region of AWS, or GovCloud"))
}

#[cfg(feature = "aws")]
fn invalid_region(wrong: crate::model::Invalid) -> Failure {
    Failure::new(Exit::Failed, "S3 returned an invalid region").caused_by(&wrong)
}

fn no_folder(variable: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("neither {variable} nor HOME names a folder"),
    )
    .hint("set HOME to your home folder")
}
