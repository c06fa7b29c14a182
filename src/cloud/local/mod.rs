//! This machine as a cloud: a real Spark standalone cluster, and folders in place of buckets. The
//! state that a cloud would keep lies under one folder; see [`place`].

mod bucket;
pub mod cluster;
mod fleet;
mod groups;
pub mod keys;
mod launch;
mod lock;
pub mod machine;
mod origin;
pub mod place;
pub mod runtime;
mod teams;

use self::cluster::{Folder, Request};
use self::place::Place;
use self::runtime::Store;
use super::gather::Gather;
use super::{Cloud, CloudError, Finding, Lease, Shell, StoredAccount, keypair, local_results, log};
use crate::cloud::error::{Class, IoContext};
use crate::cost::catalog::Catalog;
use crate::guard;
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::event::{Event, Listener, SparkProgress};
use crate::model::facts::Facts;
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::observed::{Cluster, Observed};
use crate::model::origin::Origin;
use crate::model::plan::Plan;
use crate::model::relative::RelativePath;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::sample::Sample;
use crate::model::shown;
use crate::model::stack::Stack;
use crate::model::unarmed::Unarmed;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The cloud provider of this machine: clusters are processes, buckets are folders.
pub struct Local {
    place: Place,
    store: Store,
    machine: Machine,
    prices: Arc<Catalog>,
    clock: Arc<dyn Clock>,
    fleet_memory: fleet::FleetMemory,
    /// The origin to record with the next action.
    applied_from: RefCell<Option<Origin>>,
}

/// What a local cluster gets from this machine.
pub struct Machine {
    /// The `clusterup` executable, which the supervisors run.
    pub program: PathBuf,
    /// The user's home folder, for `~` in paths.
    pub home: Option<PathBuf>,
    /// The environment of a cluster's processes, without the variables that Spark needs.
    pub environment: BTreeMap<String, String>,
}

impl Local {
    /// The target that keeps its state below `root` and its runtime in `store`.
    pub fn new(
        root: PathBuf,
        store: Store,
        machine: Machine,
        prices: Arc<Catalog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let place = Place::new(root);
        Self {
            place,
            store,
            machine,
            prices,
            clock,
            fleet_memory: fleet::FleetMemory::default(),
            applied_from: RefCell::default(),
        }
    }

    fn folder(&self, stack: &StackName, id: &ClusterId) -> Folder {
        Folder::at(self.place.cluster(stack, id))
    }

    fn clusters(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError> {
        let ids = place::names(&self.place.clusters(stack))?;
        let ids = ids
            .into_iter()
            .filter_map(|name| name.parse::<ClusterId>().ok());
        let mut clusters = ids
            .map(|id| self.folder(stack, &id).read())
            .collect::<Result<Vec<_>, _>>()?;
        for cluster in clusters.iter_mut().filter(|c| c.state.is_live()) {
            cluster.safeguards = vec![supervisor_safeguard(cluster)];
        }
        Cluster::oldest_first(&mut clusters);
        Ok(clusters)
    }
}

/// Returns an error if Hadoop would misread the path of a folder.
fn check_path(folder: &Path) -> Result<(), CloudError> {
    let shown = folder.to_string_lossy();
    if !shown.contains([':', '\\', ',', '*', '?', '[', ']', '{', '}']) {
        return Ok(());
    }
    let message = format!(
        "Spark would not read {}: it takes some of the characters in that path for something else",
        shown::line(&shown, 500)
    );
    Err(CloudError::new(Class::Input, message)
        .hint("keep clusterup's state elsewhere: export XDG_STATE_HOME=\"$HOME/.local/state\""))
}

/// The supervisor of a live cluster, as a safeguard.
fn supervisor_safeguard(cluster: &Cluster) -> Safeguard {
    let kind = SafeguardKind::Supervisor;
    if !cluster.attended {
        let apply = Command::clusterup("apply").local_stack(&cluster.stack);
        return Safeguard::disarmed(kind, Unarmed::NeverStarted, apply);
    }
    let deadline = guard::hard_deadline(cluster).at;
    Safeguard::armed(kind, Some(deadline), "its own process ends it")
}

#[async_trait(?Send)]
impl Cloud for Local {
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        listener: &dyn Listener,
    ) -> Result<Facts, CloudError> {
        let gather = Gather {
            records: None,
            store: &self.store,
            home: self.machine.home.as_deref(),
            reads_s3: false,
            prices: &self.prices,
            listener,
        };
        let bucket = self.place.bucket(&stack.name);
        check_path(&bucket)?;
        Ok(Facts {
            bucket: bucket.to_string_lossy().into_owned(),
            work: bucket.to_string_lossy().into_owned(),
            capacity: machine::capacity(),
            ending: launch::ENDING,
            ..gather.facts(stack, sample).await?
        })
    }

    async fn observe(
        &self,
        stack: &StackName,
        home: Option<&Path>,
    ) -> Result<Observed, CloudError> {
        let clusters = self.clusters(stack)?;
        Ok(Observed {
            at: self.clock.now(),
            key_pairs: keys::observe(&self.place, stack)?,
            security_groups: groups::observe(&self.place, stack)?,
            bucket: bucket::observe(&self.place, stack)?,
            remembered: clusters.iter().flat_map(Cluster::good_runs).collect(),
            clusters,
            results_home: home.and_then(|folder| local_results::observe(stack, folder)),
        })
    }

    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError> {
        origin::read(&self.place, stack)
    }

    fn applied_from(&self, origin: Origin) {
        self.applied_from.replace(Some(origin));
    }

    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError> {
        self.clusters(stack)
    }

    async fn check(&self, _: &Plan) -> Result<Vec<Safeguard>, CloudError> {
        let says = "its own process ends it, with the command line gone";
        Ok(vec![Safeguard::armed(
            SafeguardKind::Supervisor,
            None,
            says,
        )])
    }

    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<Vec<Cluster>, CloudError> {
        let mut clusters = Vec::new();
        for stack in self.place.stacks()? {
            clusters.extend(self.clusters(&stack)?);
        }
        clusters.retain(|cluster| cluster.created_at >= since && !known.contains(&cluster.id));
        Cluster::oldest_first(&mut clusters);
        Ok(clusters)
    }

    async fn account(&self) -> Result<Option<String>, CloudError> {
        Ok(None)
    }

    async fn stacks(&self) -> Result<Vec<StackName>, CloudError> {
        self.place.stacks()
    }

    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError> {
        let lease = lock::take(&self.place, stack, listener).await?;
        self.place.sweep(stack);
        Ok(Box::new(lease))
    }

    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let place = &self.place;
        match action {
            Action::CreateRoles | Action::Remember(_) => Ok(()),
            Action::CreateKeyPair(spec) => {
                keypair::make(&place.key(stack, &spec.name), stack, spec)
            }
            Action::DeleteKeyPair(name) => keypair::remove(&place.key(stack, name)),
            Action::CreateGroup(group) | Action::UpdateGroup(group) => {
                groups::put(place, stack, group)
            }
            Action::DeleteGroup(name) => groups::delete(place, stack, name),
            Action::CreateBucket => bucket::create(place, stack),
            Action::Stage(objects) => bucket::stage(place, stack, objects, listener),
            Action::DeleteBucket => bucket::delete(place, stack),
            Action::CreateCluster(spec, job) => {
                self.create_cluster(stack, spec, job.as_ref(), listener)
                    .await
            }
            Action::StartCluster(id) => self.folder(stack, id).start(),
            Action::AddSteps(id, job) => {
                launch::add_steps(place, stack, &self.folder(stack, id), job)
            }
            Action::UpdateCluster(id, spec) => {
                launch::send(&self.folder(stack, id), &Request::Update(spec.clone()))
            }
            Action::ExtendCluster(id, extension) => {
                launch::send(&self.folder(stack, id), &Request::Extend(extension.clone()))
            }
            Action::RenewLease(id) => launch::send(&self.folder(stack, id), &Request::Renew),
            // The supervisor ends with its cluster.
            Action::Disarm(_) => Ok(()),
            Action::TerminateCluster(id, end) => launch::terminate(&self.folder(stack, id), end),
            Action::DeleteCluster(id) => launch::delete(&self.folder(stack, id)),
            Action::BringHome(results) => {
                let from = place.bucket(stack).join(&results.key);
                let lock = local_results::FolderLock::take(&results.to, &place.results())?;
                let downloaded = local_results::download(&from, stack, results, &lock, listener)?;
                if let Some(what) = downloaded.warning() {
                    let next = Some(local_results::list_command(&from));
                    listener.on_event(&Event::Warning { what, next });
                }
                listener.on_event(&Event::Home {
                    to: results.to.clone(),
                });
                Ok(())
            }
        }?;
        if let Some(origin) = self.applied_from.take() {
            origin::write(place, stack, &origin)?;
        }
        place.tidy(stack);
        Ok(())
    }

    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError> {
        for cluster in self.clusters(stack)?.iter().rev() {
            let folder = self.folder(stack, &cluster.id).logs();
            let mut names = Vec::new();
            if folder.is_dir() {
                bucket::walk(&folder, &mut |path, _| {
                    let name = path
                        .strip_prefix(&folder)
                        .map(|n| n.to_string_lossy().into_owned());
                    names.extend(name);
                })
                .during(|| format!("read {}", folder.display()))?;
            }
            if !names.is_empty() {
                // Logs of steps come first: they are most often wanted.
                names.sort_by_key(|name| (!name.starts_with("steps/"), name.clone()));
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }

    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError> {
        let missing = || {
            let name = shown::line(name, 200);
            CloudError::new(Class::Input, format!("stack {stack} has no log {name}"))
        };
        let name: RelativePath = name.parse().map_err(|_| missing())?;
        let clusters = self.clusters(stack)?;
        let mut paths = clusters
            .iter()
            .rev()
            .map(|c| self.folder(stack, &c.id).logs().join(&name));
        let path = paths.find(|path| path.is_file()).ok_or_else(missing)?;
        // A job can write beside its logs, so the file may have been replaced by a link.
        let read = local_results::open(&path).and_then(|file| log::read(file, log::MAX_BYTES));
        read.during(|| format!("read {}", path.display()))
    }

    async fn progress(&self, ui: &str) -> Option<SparkProgress> {
        cluster::progress(ui).await
    }

    /// Observing costs nothing here.
    fn pause(&self, _: u32) -> Duration {
        Duration::from_millis(250)
    }

    /// Each cluster's supervisor acts at once.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    fn ends_clusters_itself(&self) -> bool {
        true
    }

    async fn shell(&self, _: &StackName) -> Result<Shell, CloudError> {
        let message = "a cluster of this machine is this machine: there is nothing to log in to";
        Err(CloudError::new(Class::Input, message).hint("leave --local out"))
    }

    async fn has_missing_roles(&self) -> Result<bool, CloudError> {
        Ok(false)
    }

    async fn checkup(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// The supervisor ends the cluster, followed or not.
    async fn stop_following(&self, _: &StackName, _: &ClusterId) -> Result<(), CloudError> {
        Ok(())
    }

    /// A cluster of this machine cannot be reached from other machines.
    async fn follow_caller(&self, _: &StackName) -> Result<Vec<u16>, CloudError> {
        Ok(Vec::new())
    }

    async fn try_schedule(&self) -> Option<Finding> {
        None
    }

    async fn remove_shared(&self) -> Result<(), CloudError> {
        Ok(())
    }

    async fn caller(&self) -> Result<Option<String>, CloudError> {
        Ok(None)
    }

    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError> {
        teams::holds(&self.place, stack)
    }

    async fn stored_team_account(
        &self,
        team: &TeamName,
    ) -> Result<Option<StoredAccount>, CloudError> {
        teams::read(&self.place, team)
    }

    async fn store_team_account(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError> {
        teams::write(&self.place, team, content, was)
    }
}
