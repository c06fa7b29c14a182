//! An AWS account as a target, on top of [`super::api`], no matter what serves its calls.
//!
//! AWS is the only source of state: names and tags identify what belongs to a stack. Besides files,
//! the bucket holds for each stack the intents of calls that have no token, the ids of its
//! clusters, and which runs ended well; see [`layout`].

mod access;
mod act;
mod adopt;
mod app_uis;
mod bucket;
mod caller;
mod change;
mod checkup;
mod cluster;
mod cluster_logs;
mod creator;
mod describe;
mod diagnoses;
mod documents;
mod driver_logs;
mod ended;
mod errors;
mod event_logs;
mod facts;
mod fleet;
mod groups;
mod inputs;
mod intent;
mod keys;
mod last_observation;
mod later;
mod layout;
mod lease;
mod logs;
mod machines;
mod managed_tag;
mod named_roles;
mod names;
mod network;
mod note;
mod observe;
mod origin;
mod permissions;
mod protection;
mod read_back;
mod reader;
mod requested_machines;
mod resize;
mod results;
mod rights_check;
mod roles;
mod safeguard_state;
mod safeguards;
mod schedule_check;
mod spec;
mod stage;
mod step_name;
mod steps;
mod subnet;
mod teams;
mod trials;
mod warned;

pub use caller::Addresses;
pub use reader::ENDING;

use self::errors::Context;
use self::last_observation::LastObservation;
use super::api::Api;
use super::api::s3::Bucket;
use super::api::sts::{GetCallerIdentity, Identity};
use super::local::runtime::Store;
use super::rng::Rng;
use super::{AwsAccount, Class, Cloud, CloudError, DriverLogs, SparkPages};
use crate::cost::catalog::Catalog;
use crate::model::clock::Clock;
use crate::model::name::{AccountId, ClusterId, Region};
use crate::model::origin::Origin;
use crate::model::place::Place;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// New resources appear in EC2 within seconds (EC2 API, eventual consistency); AWS documents no
/// figure. Clusters, whose listings lag more, are known from the bucket.
const LAG: Duration = Duration::from_secs(6);

/// An account in a region.
pub struct Account<A> {
    api: Rc<A>,
    settings: Settings,
    identity: RefCell<Option<Identity>>,
    observed: RefCell<LastObservation>,
    lease: RefCell<Option<Rc<lease::HeldLease<A>>>>,
    /// Whether the schedules' role is missing; `None` until it was looked up.
    is_role_missing: Cell<Option<bool>>,
    /// Warnings about schedules that were shown already.
    shown_warnings: RefCell<warned::Warned>,
    /// The ETags of the notes by which this process follows clusters.
    following: RefCell<BTreeMap<ClusterId, String>>,
    rng: Rng,
    /// The region, as the watchdog names it.
    place: Place,
    fleet: fleet::FleetCache<A>,
    /// Counts the calls made so far, if anything counts them.
    count: Option<Count>,
    /// The origin that the next change records.
    applied_from: RefCell<Option<Origin>>,
}

type Count = Box<dyn Fn() -> BTreeMap<String, u64>>;

/// How to access an account.
pub struct Settings {
    /// The region of all calls.
    pub region: Region,
    /// The source of the present time.
    pub clock: Arc<dyn Clock>,
    /// The user as `user@host`, for rules and locks.
    pub who: String,
    /// This machine's public addresses.
    pub addresses: Addresses,
    /// The folder of private keys.
    pub keys: PathBuf,
    /// The folder of data that stacks name by URL.
    pub store: Store,
    /// The folder in which release labels are cached for a day.
    pub labels: PathBuf,
    /// The prices of clusters created from now on.
    pub prices: Arc<Catalog>,
    /// The user's home folder, for `~`.
    pub home: Option<PathBuf>,
    /// The interval of polls. EMR's quotas allow the whole account about one call in two seconds,
    /// so half a minute.
    pub poll: Duration,
    /// The seed of jitter and nonces.
    pub seed: u64,
}

impl<A: Api> Account<A> {
    /// An account that nothing is known of yet.
    pub fn new(api: Rc<A>, settings: Settings) -> Self {
        Self {
            api,
            rng: Rng::new(settings.seed),
            place: Place::Region(settings.region.clone()),
            fleet: fleet::FleetCache::default(),
            count: None,
            applied_from: RefCell::default(),
            settings,
            identity: RefCell::new(None),
            observed: RefCell::new(LastObservation::default()),
            lease: RefCell::new(None),
            is_role_missing: Cell::new(None),
            shown_warnings: RefCell::default(),
            following: RefCell::default(),
        }
    }

    /// The account is another than that of the user's own credentials, and clusters of its region have
    /// this place.
    #[must_use]
    pub fn of(mut self, account: AccountId) -> Self {
        self.place = Place::Account(account, self.settings.region.clone());
        self
    }

    /// Sets a function that returns the number of calls made so far, by AWS's names.
    #[must_use]
    pub fn with_call_counts(mut self, count: impl Fn() -> BTreeMap<String, u64> + 'static) -> Self {
        self.count = Some(Box::new(count));
        self
    }

    /// The account and ARN of the credentials.
    ///
    /// # Errors
    /// Returns an error if there are no credentials or they are no longer valid.
    pub async fn identity(&self) -> Result<Identity, CloudError> {
        if let Some(identity) = self.identity.borrow().clone() {
            return Ok(identity);
        }
        let reply = self.api.serve(GetCallerIdentity).await;
        let identity =
            reply.with_context(|| "look up the account of the credentials".to_owned())?;
        if let Some(expected) = self.place.account().filter(|it| **it != identity.account) {
            let message = format!(
                "the credentials are of account {}, not {expected}",
                identity.account
            );
            return Err(CloudError::new(Class::Account, message));
        }
        *self.identity.borrow_mut() = Some(identity.clone());
        Ok(identity)
    }

    async fn bucket(&self) -> Result<Bucket, CloudError> {
        let account = self.identity().await?.account;
        Ok(Bucket {
            name: names::bucket(&account, &self.settings.region),
            owner: Some(account.to_string()),
        })
    }
}

impl<A: Api> Cloud for Account<A> {
    /// With jitter, and longer with each poll.
    fn pause(&self, looks: u32) -> Duration {
        let poll = self.settings.poll;
        poll + poll / 10 * looks.min(10) + self.rng.up_to(poll / 5)
    }

    fn lag(&self) -> Duration {
        LAG.min(self.settings.poll)
    }

    fn ends_clusters_itself(&self) -> bool {
        false
    }

    fn aws(&self) -> Option<&dyn AwsAccount> {
        Some(self)
    }

    /// They are reachable through a tunnel only; step states have to do.
    fn driver_logs(&self) -> Option<&dyn DriverLogs> {
        Some(self)
    }

    fn spark_pages(&self) -> Option<&dyn SparkPages> {
        None
    }
}
