//! An AWS account as a cloud, over [`super::api`]: who serves the calls does not matter here.
//!
//! What exists is what AWS says exists: names and tags say whose it is. The bucket holds, per stack
//! and besides its files, the intents of calls that have no token, the ids of its clusters, and
//! which runs ended well; see [`place`].

mod bucket;
mod caller;
mod change;
mod checkup;
mod cluster;
mod convert;
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
pub use convert::ENDING;

use self::errors::Doing;
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

/// EC2 shows what is new within seconds (EC2 API, eventual consistency); AWS promises no figure.
/// Clusters, whose lists lag for longer, are known from the bucket.
const LAG: Duration = Duration::from_secs(6);

/// A region of an account.
pub struct Account<A> {
    api: Rc<A>,
    settings: Settings,
    identity: RefCell<Option<Identity>>,
    seen: RefCell<LastObservation>,
    lease: RefCell<Option<Rc<lease::HeldLease<A>>>>,
    /// Whether the schedules' role lacks; none where nobody has looked at the roles yet.
    lacks_role: Cell<Option<bool>>,
    /// Why schedules were not armed, as it was told: once each.
    warned: RefCell<warned::Warned>,
    /// The ETags of our notes that we follow clusters.
    following: RefCell<BTreeMap<ClusterId, String>>,
    rng: Rng,
    /// Where it is, as a watchdog says it.
    place: Place,
    rounds: fleet::FleetCache<A>,
    /// The calls so far, where somebody counts them.
    count: Option<Count>,
    /// What is to be noted with the next thing that is made.
    applied_from: RefCell<Option<Origin>>,
}

type Count = Box<dyn Fn() -> BTreeMap<String, u64>>;

/// What an account is looked at with.
pub struct Settings {
    pub region: Region,
    pub clock: Arc<dyn Clock>,
    /// Who asks, as `user@host`: rules and locks say whose they are.
    pub who: String,
    pub addresses: Addresses,
    /// Where private halves of key pairs are kept.
    pub keys: PathBuf,
    /// Where data that stacks name by URL is kept.
    pub store: Store,
    /// Where the labels of releases are kept for a day.
    pub labels: PathBuf,
    /// What clusters that are made from now on are metered at.
    pub prices: Arc<Catalog>,
    pub home: Option<PathBuf>,
    /// Between two looks at something that takes its time. EMR's quotas allow about one call in two
    /// seconds to all of an account together, so half a minute.
    pub poll: Duration,
    pub seed: u64,
}

impl<A: Api> Account<A> {
    pub fn new(api: Rc<A>, settings: Settings) -> Self {
        Self {
            api,
            rng: Rng::new(settings.seed),
            place: Place::Region(settings.region.clone()),
            rounds: fleet::FleetCache::default(),
            count: None,
            applied_from: RefCell::default(),
            settings,
            identity: RefCell::new(None),
            seen: RefCell::new(LastObservation::default()),
            lease: RefCell::new(None),
            lacks_role: Cell::new(None),
            warned: RefCell::default(),
            following: RefCell::default(),
        }
    }

    /// With somebody who knows how often each call was made so far, by AWS's names.
    #[must_use]
    pub fn counted_by(mut self, count: impl Fn() -> BTreeMap<String, u64> + 'static) -> Self {
        self.count = Some(Box::new(count));
        self
    }

    /// Who the credentials belong to.
    ///
    /// # Errors
    /// That there are none, or that they are no longer good.
    pub async fn identity(&self) -> Result<Identity, CloudError> {
        if let Some(identity) = self.identity.borrow().clone() {
            return Ok(identity);
        }
        let asked = self.api.serve(GetCallerIdentity).await;
        let identity = asked.doing(|| "ask who the credentials belong to".to_owned())?;
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

    /// How long to wait before the next look: jittered, and longer the longer it takes.
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
        self.look(stack, home).await
    }

    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError> {
        self.read_origin(stack).await
    }

    fn applied_from(&self, origin: Origin) {
        self.applied_from.replace(Some(origin));
    }

    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError> {
        self.glance(stack).await
    }

    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<Vec<Cluster>, CloudError> {
        self.past(since, known).await
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
        safeguard_state::affords(&terms, &spec.size, now)?;
        let creates = plan.actions.iter().any(|p| p.action == Action::CreateRoles);
        if self.lacks_role.get().is_none() && !creates {
            self.check_roles().await?;
            self.lacks_role.set(Some(self.lacks_reaper().await?));
        }
        let lacks = !creates && self.lacks_role.get().unwrap_or(false);
        Ok(safeguard_state::to_come(spec, lacks))
    }

    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError> {
        self.take_lease(stack, listener).await
    }

    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        self.still_ours().await?;
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
            // A cluster of EMR needs nobody to begin it.
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
                self.bring_home(stack, results, listener).await?;
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

    /// The Spark UI of EMR is behind a tunnel; states of steps have to do.
    async fn progress(&self, _: &str) -> Option<SparkProgress> {
        None
    }

    fn pause(&self, looks: u32) -> Duration {
        self.pace(looks)
    }

    fn lag(&self) -> Duration {
        LAG.min(self.settings.poll)
    }

    fn guards_itself(&self) -> bool {
        false
    }

    async fn shell(&self, stack: &StackName) -> Result<Shell, CloudError> {
        self.request_origin(stack).await
    }

    async fn lacks_roles(&self) -> Result<bool, CloudError> {
        Ok(!self.missing_roles().await?.is_empty()
            || self.lacks_reaper().await?
            || self.wants_permissions().await?)
    }

    async fn checkup(&self) -> Vec<Finding> {
        self.findings().await
    }

    async fn follow_caller(&self, _: &StackName) -> Result<Vec<u16>, CloudError> {
        self.move_rules().await
    }

    async fn unfollow(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        self.leave_cluster(stack, id).await
    }

    async fn doubt_rungs(&self, observed: &mut Observed) {
        self.doubt_schedules(&mut observed.clusters).await;
        self.verify_power_offs(&mut observed.clusters).await;
    }

    async fn try_schedule(&self) -> Option<Finding> {
        Some(self.trial().await)
    }

    async fn leave(&self) -> Result<(), CloudError> {
        self.leave_bucket().await
    }

    async fn caller(&self) -> Result<Option<String>, CloudError> {
        Ok(Some(self.identity().await?.arn))
    }

    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError> {
        self.holds(stack).await
    }

    async fn team_book(&self, team: &TeamName) -> Result<Option<StoredAccount>, CloudError> {
        self.read_book(team).await
    }

    async fn keep_team_book(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError> {
        self.write_book(team, content, was).await
    }
}
