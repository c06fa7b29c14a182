//! What the environment says. The only place that reads it.

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
    /// Who asks, as rules, locks and records say it.
    pub(super) who: String,
    #[cfg(feature = "aws")]
    caller: Caller,
    #[cfg(feature = "aws")]
    login: Rc<Login>,
    /// What is logged, where no flag says it: RUST_LOG.
    pub(super) log: Option<String>,
    pub(super) no_color: bool,
    pub(super) stdin_is_terminal: bool,
}

/// What AWS is looked at with, besides the SDK's own settings.
#[cfg(feature = "aws")]
struct Caller {
    /// Between two looks, where not the default.
    poll: Option<Span>,
    /// Says this machine's public address, where not AWS.
    check_ip: Option<String>,
}

#[cfg(feature = "aws")]
impl Caller {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads it"
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
        reason = "this is the one place that reads it"
    )]
    pub(super) fn from_environment() -> Self {
        let folder = |name: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                // Records hold paths as text, and a relative one means nothing to a supervisor.
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
            caller: Caller::from_environment(),
            #[cfg(feature = "aws")]
            login: Rc::new(Login::new(on_terminal(stdin_is_terminal))),
            environment: passed_on(),
            catalog: OnceCell::new(),
            log: env::var("RUST_LOG").ok().filter(|it| !it.is_empty()),
            no_color: env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            stdin_is_terminal,
            home,
        }
    }

    /// The user's home folder, where there is one.
    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    fn cache_folder(&self) -> Result<PathBuf, Failure> {
        let cache = self.cache.as_ref();
        let cache = cache.ok_or_else(|| homeless("XDG_CACHE_HOME"))?;
        Ok(cache.join("clusterup"))
    }

    /// Where keys and the ledger are kept.
    pub(super) fn state_folder(&self) -> Result<PathBuf, Failure> {
        let state = self.state.as_ref();
        let state = state.ok_or_else(|| homeless("XDG_STATE_HOME"))?;
        Ok(state.join("clusterup"))
    }

    /// Where the user's programs have their settings.
    pub(super) fn settings(&self) -> Result<PathBuf, Failure> {
        let settings = self.settings.clone();
        settings.ok_or_else(|| homeless("XDG_CONFIG_HOME"))
    }

    /// Where the local target keeps its runtime.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        Ok(Store::new(self.cache_folder()?, self.path.clone()))
    }

    /// Where the user's own prices lie.
    pub(super) fn price_cache(&self) -> Result<PriceCache, Failure> {
        let folder = self.store()?.folder().join("prices");
        Ok(PriceCache::new(folder))
    }

    /// The bundled prices with the user's own laid over them, as far as these can be read; what of
    /// them cannot is said once.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(self.catalog.get_or_init(|| Arc::new(self.read_catalog())))
    }

    fn read_catalog(&self) -> Catalog {
        let mut catalog = Catalog::bundled().clone();
        let Ok(cache) = self.price_cache() else {
            return catalog;
        };
        let (own, spoilt) = cache.read();
        own.into_iter().for_each(|own| catalog.overlay(own));
        for Spoilt { path, region, why } in spoilt {
            let path = path.display();
            Screen::aside(&format!("warning: prices are not used: {path}: {why}"));
            let refresh = Command::clusterup("prices refresh --region").arg(region.to_string());
            Screen::aside(&format!("  next: {refresh}"));
        }
        catalog
    }

    /// The file of what clusters have cost.
    pub(super) fn ledger(&self) -> Result<PathBuf, Failure> {
        let state = self.state.as_ref();
        let state = state.ok_or_else(|| homeless("XDG_STATE_HOME"))?;
        Ok(state.join("clusterup").join("ledger.db"))
    }

    /// This machine as a cloud.
    pub(super) fn local(&self) -> Result<Local, Failure> {
        let state = self
            .state
            .as_ref()
            .ok_or_else(|| homeless("XDG_STATE_HOME"))?;
        let program = env::current_exe().map_err(|error| {
            Failure::new(Exit::Failed, "cannot tell where clusterup itself lies").caused_by(&error)
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
        known_part(region)?;
        let state = self.state.as_ref();
        let state = state.ok_or_else(|| homeless("XDG_STATE_HOME"))?;
        Ok(Settings {
            region: region.clone(),
            clock: Arc::new(SystemClock),
            who: self.who.clone(),
            addresses: Addresses::lookup(self.caller.check_ip.clone()),
            keys: state.join("clusterup").join("keys"),
            store: self.store()?,
            labels: self.cache_folder()?.join("releases"),
            prices: self.catalog(),
            home: self.home.clone(),
            poll: Duration::from_secs(self.caller.poll.map_or(30, Span::as_secs)),
            seed: seed()?,
        })
    }

    /// A region of AWS to be watched, at the pace that it allows.
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

    /// A topic of SNS that people are told by.
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

    /// AWS's services by themselves, for what is no stack's: prices, budgets.
    #[cfg(feature = "aws")]
    pub(super) async fn services(
        &self,
        region: &Region,
    ) -> Result<Retrying<Metered<Client>>, Failure> {
        known_part(region)?;
        let sdk = Metered::new(self.client(region).await).of(region);
        Ok(Retrying::new(sdk, seed()?).with_listener(Rc::new(Waits::default())))
    }

    /// What AWS's budgets of a team's policies have come to in this month.
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
        let found = actuals(&api, account).await?;
        let of_team = found.into_iter().filter(|((_, its), _)| its == team);
        Ok(of_team.map(|((policy, _), it)| (policy, it.usd)).collect())
    }

    #[cfg(not(feature = "aws"))]
    pub(super) async fn spent_by_aws(
        &self,
        _: &TeamName,
        _: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, Failure> {
        Ok(BTreeMap::new())
    }

    /// A team's policies in S3, in whatever region they lie.
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
        let api = self.services(&region.parse().map_err(unnamed)?).await?;
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

    /// Runs to the end on this thread: children are tied to the thread that began them.
    pub(super) fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| {
            Failure::new(Exit::Failed, "cannot begin to work").caused_by(&error)
        })?;
        // What beats beside the work, such as the heart of a lease, is tied to this thread too.
        let done = tokio::task::LocalSet::new().block_on(&runtime, work);
        // A question that nobody answers any more must not hold the process.
        runtime.shutdown_background();
        done
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads it"
)]
fn who() -> String {
    let user = env::var("USER").or_else(|_| env::var("LOGNAME"));
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    format!("{}@{host}", user.as_deref().unwrap_or("somebody"))
}

/// What a cluster's processes may know of the user's shell: as on EMR, almost nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads it"
)]
fn passed_on() -> BTreeMap<String, String> {
    let names = ["HOME", "LANG", "LC_ALL", "PATH", "TZ", "USER"];
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
        .collect()
}

/// Asks for codes of multi-factor authentication, where a person can answer.
#[cfg(feature = "aws")]
fn on_terminal(stdin_is_terminal: bool) -> Option<Ask> {
    let ask = |question: &str| super::prompt::ask(question);
    stdin_is_terminal.then(|| Box::new(ask) as Ask)
}

/// Where names that nobody else may draw begin.
#[cfg(feature = "aws")]
fn seed() -> Result<u64, Failure> {
    let mut bytes = [0_u8; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(
        |error| {
            Failure::new(Exit::Failed, "cannot draw random numbers")
                .caused_by(&std::io::Error::from(error))
        },
    )?;
    Ok(u64::from_ne_bytes(bytes))
}

/// Knows where every bucket is that the profile's credentials are good for.
#[cfg(feature = "aws")]
async fn any_region() -> Result<Region, Failure> {
    let known = super::target::known_region().await;
    let part = known.map_or(Partition::Aws, |region| Partition::of(&region));
    part.any_region().parse().map_err(unnamed)
}

/// Says no, by name, to parts of AWS where clusterup would do something wrong.
#[cfg(feature = "aws")]
fn known_part(region: &Region) -> Result<(), Failure> {
    let part = Partition::of(region);
    let Some(why) = part.refusal() else {
        return Ok(());
    };
    let message = format!(
        "clusterup does not work in {region}, of {}: {why}",
        part.name()
    );
    Err(Failure::input(message).hint("name a region of AWS's commercial regions or of GovCloud"))
}

#[cfg(feature = "aws")]
fn unnamed(wrong: crate::model::Invalid) -> Failure {
    Failure::new(Exit::Failed, "S3 names a region that is none").caused_by(&wrong)
}

fn homeless(variable: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("neither {variable} nor HOME names a folder"),
    )
    .hint("set HOME to your home folder")
}
