//! This machine as a fleet provider. Each cluster here has a supervisor that ends it; the watchdog
//! is a second safeguard.

use super::cluster::{Folder, Request};
use super::{Local, launch, lock};
use crate::cloud::error::{Class, IoContext};
use crate::cloud::files::{gone, write_whole};
use crate::cloud::fleet::{
    FleetControl, FleetListing, FleetMetrics, FleetProvider, RegionFleet, WatchLease,
};
use crate::cloud::{CloudError, Lease, SparkPages};
use crate::disk;
use crate::model::fleet::{
    AnyCluster, ClusterSnapshot, ListedCluster, MetricSample, Reading, Seen, WatchdogMark,
};
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, End, StepState};
use crate::model::place::Place;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::rc::Weak;

/// How long metric samples are kept.
const SAMPLE_RETENTION: TimeDelta = TimeDelta::hours(2);

/// What a watchdog of this machine remembers between sweeps.
#[derive(Default)]
pub(super) struct FleetMemory {
    samples: RefCell<BTreeMap<ClusterId, Vec<MetricSample>>>,
    watch: RefCell<Weak<()>>,
}

impl Local {
    fn all(&self) -> Result<Vec<Cluster>, CloudError> {
        let mut all = Vec::new();
        for stack in self.layout.stacks()? {
            all.extend(self.clusters(&stack)?);
        }
        Ok(all)
    }

    /// Returns the folder and stack of a cluster; `None` if no stack has it.
    pub(super) fn find(&self, id: &ClusterId) -> Result<Option<(StackName, Folder)>, CloudError> {
        let folders = self.layout.stacks()?.into_iter().map(|stack| {
            let folder = self.folder(&stack, id);
            (stack, folder)
        });
        let mut there = folders.filter(|(_, folder)| folder.path().is_dir());
        Ok(there.next())
    }

    pub(super) fn require(&self, id: &ClusterId) -> Result<Folder, CloudError> {
        let folder = self.find(id)?.map(|(_, folder)| folder);
        folder.ok_or_else(|| {
            let message = format!("this machine has no cluster {id}");
            CloudError::new(Class::Input, message)
                .hint("list the clusters")
                .hint(Command::clusterup("status --local"))
        })
    }

    fn end_one(&self, id: &ClusterId, end: &End) -> Result<(), CloudError> {
        let folder = self.require(id)?;
        // A cluster without a supervisor is over.
        if !folder.is_supervised()? {
            return Ok(());
        }
        match launch::send(&folder, &Request::Terminate(end.clone())) {
            // It ended before it could read the request.
            Err(_) if !folder.is_supervised()? => Ok(()),
            result => result,
        }
    }

    /// Returns a sample from the running driver of a cluster; `None` if there is no driver or it
    /// does not answer.
    async fn metric_sample(&self, cluster: &Cluster) -> Option<MetricSample> {
        let mut steps = cluster.steps.iter();
        let running = steps.find(|step| step.state == StepState::Running)?;
        let progress = self.progress(running.ui.as_deref()?).await?;
        let spec = &cluster.spec;
        let room = u64::from(spec.workers) * u64::from(spec.worker.cores);
        Some(MetricSample {
            at: self.clock.now(),
            apps: 1,
            containers: progress.tasks.saturating_sub(progress.tasks_done).min(room),
            done: Some(progress.tasks_done),
        })
    }

    fn snapshot(&self, cluster: Cluster, mark: Option<WatchdogMark>) -> ClusterSnapshot {
        ClusterSnapshot {
            place: Place::Local,
            looked_at: self.clock.now(),
            name: cluster.stack.as_str().into(),
            owner: cluster.owner.clone(),
            tags: cluster.spec.tags.clone(),
            protected: false,
            applications: Vec::new(),
            seen: Seen::Described {
                steps: Reading::Read(cluster.steps.clone()),
            },
            mark,
            cluster: AnyCluster::Ours(Box::new(cluster)),
        }
    }
}

/// The file of a cluster's mark.
fn mark_of(folder: &Folder) -> PathBuf {
    folder.path().join("watchdog")
}

fn read_mark(folder: &Folder) -> Result<Option<WatchdogMark>, CloudError> {
    let path = mark_of(folder);
    match disk::text(&path, disk::SMALL) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => Ok(text
            .during(|| format!("read {}", path.display()))?
            .parse()
            .ok()),
    }
}

fn listed(cluster: Cluster) -> ListedCluster {
    ListedCluster {
        id: cluster.id,
        name: cluster.stack.as_str().into(),
        state: cluster.state,
        created_at: cluster.created_at,
        ready_at: cluster.ready_at,
    }
}

impl FleetProvider for Local {
    fn region(&self) -> Option<&dyn RegionFleet> {
        None
    }
}

#[async_trait(?Send)]
impl FleetListing for Local {
    fn place(&self) -> &Place {
        &Place::Local
    }

    async fn list(&self) -> Result<Vec<ListedCluster>, CloudError> {
        let living = self
            .all()?
            .into_iter()
            .filter(|cluster| !cluster.state.is_over());
        let listed: Vec<ListedCluster> = living.map(listed).collect();
        let mut samples = self.fleet_memory.samples.borrow_mut();
        samples.retain(|id, _| listed.iter().any(|one| one.id == *id));
        Ok(listed)
    }

    async fn list_since(&self, since: DateTime<Utc>) -> Result<Vec<ListedCluster>, CloudError> {
        let all = self.all()?.into_iter();
        let since = all.filter(|cluster| cluster.created_at > since);
        Ok(since.map(listed).collect())
    }

    async fn tags(
        &self,
        _: &[ClusterId],
    ) -> Result<BTreeMap<ClusterId, BTreeMap<String, String>>, CloudError> {
        Ok(BTreeMap::new())
    }

    fn claims(&self, _: &ListedCluster) -> bool {
        true
    }

    /// Each cluster here is one of clusterup.
    fn glance(&self, _: &ListedCluster, _: BTreeMap<String, String>) -> Option<ClusterSnapshot> {
        None
    }

    async fn look(&self, id: &ClusterId) -> Result<Option<ClusterSnapshot>, CloudError> {
        let Some((stack, folder)) = self.find(id)? else {
            return Ok(None);
        };
        let mark = read_mark(&folder)?;
        let mut clusters = self.clusters(&stack)?.into_iter();
        let cluster = clusters.find(|cluster| cluster.id == *id);
        Ok(cluster.map(|cluster| self.snapshot(cluster, mark)))
    }
}

#[async_trait(?Send)]
impl FleetMetrics for Local {
    async fn metric_samples(
        &self,
        snapshots: &[&ClusterSnapshot],
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<ClusterId, Vec<MetricSample>>, CloudError> {
        let mut metric_samples = BTreeMap::new();
        for snapshot in snapshots {
            let metric_sample = match snapshot.ours() {
                Some(cluster) => self.metric_sample(cluster).await,
                None => None,
            };
            let mut samples = self.fleet_memory.samples.borrow_mut();
            let samples = samples.entry(snapshot.id().clone()).or_default();
            samples.extend(metric_sample);
            let now = self.clock.now();
            samples.retain(|metric_sample| now - metric_sample.at <= SAMPLE_RETENTION);
            let since = samples
                .iter()
                .filter(|metric_sample| metric_sample.at >= since);
            metric_samples.insert(snapshot.id().clone(), since.copied().collect());
        }
        Ok(metric_samples)
    }

    fn at_once(&self, _: TimeDelta) -> usize {
        usize::MAX
    }
}

#[async_trait(?Send)]
impl FleetControl for Local {
    async fn mark(&self, id: &ClusterId, mark: Option<&WatchdogMark>) -> Result<(), CloudError> {
        let path = mark_of(&self.require(id)?);
        let written = match mark {
            Some(mark) => write_whole(&path, mark.to_string().as_bytes()),
            None => gone(fs::remove_file(&path)),
        };
        written.during(|| format!("write {}", path.display()))
    }

    async fn end(&self, ends: &[(ClusterId, End)]) -> Vec<Result<(), CloudError>> {
        let ends = ends.iter();
        ends.map(|(id, end)| self.end_one(id, end)).collect()
    }
}

#[async_trait(?Send)]
impl WatchLease for Local {
    async fn watch(&self) -> Result<Option<Lease>, CloudError> {
        let Some((lease, held)) = lock::watch(&self.layout)? else {
            return Ok(None);
        };
        *self.fleet_memory.watch.borrow_mut() = held;
        Ok(Some(Box::new(lease)))
    }

    async fn holds_watch(&self) -> Result<bool, CloudError> {
        let held = self.fleet_memory.watch.borrow().upgrade().is_some();
        Ok(held && lock::is_watched(&self.layout)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::local::Machine;
    use crate::cloud::local::runtime::Store;
    use crate::cost::catalog::Catalog;
    use crate::model::clock::Clock;
    use std::path::Path;
    use std::sync::Arc;

    struct Epoch;

    impl Clock for Epoch {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }
    }

    fn machine(folder: &Path) -> Local {
        let machine = Machine {
            program: PathBuf::from("clusterup"),
            home: None,
            environment: BTreeMap::new(),
        };
        let store = Store::new(folder.join("cache"), None);
        let prices = Arc::new(Catalog::default());
        Local::new(folder.join("l"), store, machine, prices, Arc::new(Epoch))
    }

    #[tokio::test]
    async fn only_one_of_two_watchdogs_gets_the_watch() {
        let folder = tempfile::tempdir().unwrap();
        let one = machine(folder.path());
        let two = machine(folder.path());
        assert!(!one.holds_watch().await.unwrap());
        let lease = WatchLease::watch(&one).await.unwrap().unwrap();
        assert!(one.holds_watch().await.unwrap());
        assert!(WatchLease::watch(&two).await.unwrap().is_none());
        assert!(!two.holds_watch().await.unwrap());
        lease.release().await.unwrap();
        assert!(!one.holds_watch().await.unwrap());
        let lease = WatchLease::watch(&two).await.unwrap();
        assert!(lease.is_some() && two.holds_watch().await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_cluster_cannot_be_marked_or_ended() {
        let folder = tempfile::tempdir().unwrap();
        let machine = machine(folder.path());
        let id = "local-1".parse().unwrap();
        assert_eq!(FleetListing::list(&machine).await.unwrap(), []);
        assert_eq!(machine.look(&id).await.unwrap(), None);
        assert!(machine.mark(&id, None).await.is_err());
        assert!(machine.end(&[(id, End::asked("x"))]).await[0].is_err());
    }
}
