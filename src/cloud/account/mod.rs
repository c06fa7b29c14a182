//! An AWS account as a target, on top of [`super::api`], no matter what serves its calls.
//!
//! AWS is the only source of state: names and tags identify what belongs to a stack. Besides files,
//! the bucket holds for each stack the intents of calls that have no token, the ids of its
//! clusters, and which runs ended well; see [`place`].

mod bucket;
mod caller;
mod change;
mod checkup;
mod cluster;
mod creator;
mod describe;
mod documents;
mod ended;
mod errors;
mod facts;
mod fleet;
mod groups;
mod history;
mod intent;
mod keys;
mod last_observation;
mod lease;
mod logs;
mod machines;
mod names;
mod note;
mod observe;
mod origin;
mod permissions;
mod place;
mod read_back;
mod reader;
mod results;
mod rights_check;
mod roles;
mod safeguard_state;
mod safeguards;
mod schedule_check;
mod shell;
mod spec;
mod stage;
mod steps;
mod teams;
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
use super::{Cloud, CloudError, Finding, Lease, Shell, StoredAccount};
use crate::cost::catalog::Catalog;
use crate::guard::Terms;
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::event::{Event, Listener, SparkProgress};
use crate::model::facts::Facts;
use crate::model::fleet::Place;
use crate::model::name::{ClusterId, Region, StackName, TeamName};
use crate::model::observed::{Cluster, Observed};
use crate::model::origin::Origin;
use crate::model::plan::Plan;
use crate::model::safeguard::Safeguard;
use crate::model::sample::Sample;
use crate::model::stack::Stack;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
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
        let identity = reply.with_context(|| "look up the credentials' account".to_owned())?;
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

    /// The interval until the next poll, with jitter, longer with each one.
    fn pace(&self, looks: u32) -> Duration {
        let poll = self.settings.poll;
        poll + poll / 10 * looks.min(10) + self.rng.up_to(poll / 5)
    }
}

#[async_trait(?Send)]
impl<A: Api> Cloud for Account<A> {
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        listener: &dyn Listener,
    ) -> Result<Facts, CloudError> {
        self.gather(stack, sample, listener).await
    }

    async fn observe(
        &self,
        stack: &StackName,
        home: Option<&Path>,
    ) -> Result<Observed, CloudError> {
        self.observe_stack(stack, home).await
    }

    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError> {
        self.read_origin(stack).await
    }

    fn applied_from(&self, origin: Origin) {
        self.applied_from.replace(Some(origin));
    }

    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError> {
        self.poll_clusters(stack).await
    }

    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<Vec<Cluster>, CloudError> {
        self.clusters_since(since, known).await
    }

    async fn account(&self) -> Result<Option<String>, CloudError> {
        Ok(Some(self.identity().await?.account.to_string()))
    }

    async fn stacks(&self) -> Result<Vec<StackName>, CloudError> {
        self.all_stacks().await
    }

    async fn check(&self, plan: &Plan) -> Result<Vec<Safeguard>, CloudError> {
        let made = plan.actions.iter().find_map(|p| p.action.new_cluster());
        let Some(spec) = made else {
            return Ok(Vec::new());
        };
        let now = self.settings.clock.now();
        let (guardrails, groups) = (&spec.guardrails, &spec.groups);
        let terms = Terms::ahead(guardrails, groups, spec.rates, spec.ending, now);
        safeguard_state::check_budget(&terms, &spec.size, now)?;
        let creates = plan.actions.iter().any(|p| p.action == Action::CreateRoles);
        if self.is_role_missing.get().is_none() && !creates {
            self.check_roles().await?;
            self.is_role_missing
                .set(Some(self.is_reaper_missing().await?));
        }
        let role_missing = !creates && self.is_role_missing.get().unwrap_or(false);
        Ok(safeguard_state::planned(spec, role_missing))
    }

    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError> {
        self.acquire_lease(stack, listener).await
    }

    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        self.check_lease().await?;
        if *action != Action::CreateBucket {
            self.note_origin(stack).await?;
        }
        match action {
            Action::CreateRoles => self.create_roles().await,
            Action::CreateKeyPair(spec) => self.create_key(stack, spec).await,
            Action::DeleteKeyPair(name) => self.delete_key(stack, name).await,
            Action::CreateGroup(group) => self.create_group(stack, group).await,
            Action::UpdateGroup(group) => self.update_group(group).await,
            Action::DeleteGroup(name) => self.delete_group(name, listener).await,
            Action::CreateBucket => self.create_bucket(stack).await,
            Action::Stage(objects) => self.stage(stack, objects, listener).await,
            Action::DeleteBucket => self.delete_objects(stack).await,
            Action::CreateCluster(spec, job) => {
                self.create_cluster(stack, spec, job.as_ref(), listener)
                    .await
            }
            // EMR starts a cluster by itself.
            Action::StartCluster(_) => Ok(()),
            Action::AddSteps(id, job) => self.add_steps(stack, id, job, listener).await,
            Action::UpdateCluster(id, spec) => self.update_cluster(id, spec, listener).await,
            Action::ExtendCluster(id, extension) => self.extend(id, extension, listener).await,
            Action::RenewLease(id) => self.renew(stack, id, listener).await,
            Action::Disarm(id) => self.disarm(id).await,
            Action::TerminateCluster(id, end) => self.terminate(id, end, listener).await,
            Action::Remember(run) => self.remember(stack, run).await,
            Action::DeleteCluster(id) => self.forget(stack, id).await,
            Action::BringHome(results) => {
                self.download_results(stack, results, listener).await?;
                let to = results.to.clone();
                listener.on_event(&Event::Home { to });
                Ok(())
            }
        }
    }

    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError> {
        self.list_logs(stack).await
    }

    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError> {
        self.read_log(stack, name).await
    }

    /// EMR's Spark UI is reachable through a tunnel only; step states have to do.
    async fn progress(&self, _: &str) -> Option<SparkProgress> {
        None
    }

    fn pause(&self, looks: u32) -> Duration {
        self.pace(looks)
    }

    fn lag(&self) -> Duration {
        LAG.min(self.settings.poll)
    }

    fn ends_clusters_itself(&self) -> bool {
        false
    }

    async fn shell(&self, stack: &StackName) -> Result<Shell, CloudError> {
        self.ssh_target(stack).await
    }

    async fn has_missing_roles(&self) -> Result<bool, CloudError> {
        Ok(!self.missing_roles().await?.is_empty()
            || self.is_reaper_missing().await?
            || self.needs_permissions().await?)
    }

    async fn checkup(&self) -> Vec<Finding> {
        self.findings().await
    }

    async fn follow_caller(&self, _: &StackName) -> Result<Vec<u16>, CloudError> {
        self.move_rules().await
    }

    async fn stop_following(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        self.leave_cluster(stack, id).await
    }

    async fn verify_safeguards(&self, observed: &mut Observed) {
        self.verify_schedules(&mut observed.clusters).await;
        self.verify_power_offs(&mut observed.clusters).await;
    }

    async fn try_schedule(&self) -> Option<Finding> {
        Some(self.try_to_schedule().await)
    }

    async fn remove_shared(&self) -> Result<(), CloudError> {
        self.delete_unused_bucket().await
    }

    async fn caller(&self) -> Result<Option<String>, CloudError> {
        Ok(Some(self.identity().await?.arn))
    }

    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError> {
        self.is_leased(stack).await
    }

    async fn stored_team_account(
        &self,
        team: &TeamName,
    ) -> Result<Option<StoredAccount>, CloudError> {
        self.read_team_account(team).await
    }

    async fn store_team_account(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError> {
        self.write_team_account(team, content, was).await
    }
}
