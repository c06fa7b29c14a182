//! The account as a watchdog looks at it: all of its clusters, no matter who made them.

mod act;
mod leftovers;
mod look;
mod metric_samples;
mod others;

use super::errors::Doing;
use super::names;
use super::observe::NOT_OVER;
use super::{Account, lease};
use crate::cloud::api::{Api, emr};
use crate::cloud::fleet::{FleetProvider, Leftover};
use crate::cloud::{Class, CloudError, Lease};
use crate::model::event::NoListener;
use crate::model::extension::Extension;
use crate::model::fleet::{ClusterSnapshot, ListedCluster, MetricSample, Place, WatchdogMark};
use crate::model::name::ClusterId;
use crate::model::observed::End;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What a watchdog keeps between two looks.
pub(super) struct FleetCache<A> {
    /// Of clusters that were listed last.
    known: RefCell<BTreeMap<ClusterId, CachedCluster>>,
    pub(super) watch: RefCell<lease::Watch<A>>,
}

/// What of a cluster is not asked for each time.
#[derive(Default)]
struct CachedCluster {
    /// None where they could not be read yet; empty where it has none.
    groups: Option<Vec<emr::InstanceGroup>>,
    /// Its oldest steps, up to the first that is not over: they stay as they are.
    settled: Vec<emr::Step>,
    /// The terms of which the bucket's note last said that they are its own.
    believed: Option<String>,
    /// When its schedule and its idle policy were read.
    asked_at: Option<DateTime<Utc>>,
}

impl<A> Default for FleetCache<A> {
    fn default() -> Self {
        Self {
            known: RefCell::default(),
            watch: RefCell::default(),
        }
    }
}

impl<A: Api> Account<A> {
    async fn all_listed(&self) -> Result<Vec<ListedCluster>, CloudError> {
        let mut listed = BTreeMap::new();
        // Whoever changes its state between two pages may be on both.
        for summary in self.list_clusters(NOT_OVER.to_vec(), None).await? {
            let id: ClusterId = summary.id.parse().map_err(|_| {
                let message = format!("cannot read the id of cluster {:?}", summary.id);
                CloudError::new(Class::Failed, message)
            })?;
            let one = ListedCluster {
                id: id.clone(),
                name: summary.name.into(),
                state: summary.state,
                created_at: summary.created_at,
            };
            listed.insert(id, one);
        }
        self.forget_others(&listed);
        Ok(listed.into_values().collect())
    }

    /// What is no longer listed need not be remembered.
    fn forget_others(&self, listed: &BTreeMap<ClusterId, ListedCluster>) {
        let (mut known, mut seen) = (self.rounds.known.borrow_mut(), self.seen.borrow_mut());
        known.retain(|id, _| {
            let stays = listed.contains_key(id);
            if !stays {
                seen.clusters.remove(id);
                seen.followed.remove(id);
            }
            stays
        });
    }
}

#[async_trait(?Send)]
impl<A: Api> FleetProvider for Account<A> {
    fn place(&self) -> &Place {
        &self.place
    }

    async fn list(&self) -> Result<Vec<ListedCluster>, CloudError> {
        self.all_listed().await
    }

    async fn look(&self, id: &ClusterId) -> Result<Option<ClusterSnapshot>, CloudError> {
        self.snapshot(id).await
    }

    async fn metric_samples(
        &self,
        snapshots: &[&ClusterSnapshot],
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<ClusterId, Vec<MetricSample>>, CloudError> {
        self.all_pulses(snapshots, since).await
    }

    async fn mark(&self, id: &ClusterId, mark: Option<&WatchdogMark>) -> Result<(), CloudError> {
        self.set_mark(id, mark).await
    }

    async fn unprotect(&self, id: &ClusterId) -> Result<(), CloudError> {
        let call = emr::SetTerminationProtection {
            ids: vec![id.to_string()],
            protected: false,
        };
        let done = self.api.serve(call).await;
        done.doing(|| format!("unprotect cluster {id}"))
    }

    async fn end(&self, ends: &[(ClusterId, End)]) -> Vec<Result<(), CloudError>> {
        self.end_all(ends).await
    }

    async fn extend(&self, id: &ClusterId, extension: &Extension) -> Result<(), CloudError> {
        let is_seen = self.seen.borrow().clusters.contains_key(id);
        if !is_seen
            && self
                .snapshot(id)
                .await?
                .is_none_or(|it| it.ours().is_none())
        {
            let message = format!("cluster {id} was not made by clusterup");
            let error = CloudError::new(Class::Input, message);
            return Err(error.hint(format!("move the time in its tag {MARK} instead")));
        }
        Self::extend(self, id, extension, &NoListener).await
    }

    async fn leftovers(&self, ended_before: DateTime<Utc>) -> Result<Vec<Leftover>, CloudError> {
        self.left_before(ended_before).await
    }

    async fn remove(&self, leftover: &Leftover) -> Result<bool, CloudError> {
        self.remove_left(leftover).await
    }

    async fn watch(&self) -> Result<Option<Lease>, CloudError> {
        self.take_watch().await
    }

    async fn keeps_watch(&self) -> Result<bool, CloudError> {
        self.still_watches().await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        let counted = self.count.as_ref().map(|count| count());
        counted.unwrap_or_default()
    }
}

const MARK: &str = crate::model::fleet::MARK_TAG;

/// The stack of a cluster whose name and whose tag agree on it. The bucket's notes, by which a stack
/// knows its cluster even without tags, are not asked: what we are not sure of is somebody else's.
fn stack_of(cluster: &emr::Cluster) -> Option<crate::model::name::StackName> {
    let (stack, _) = names::of_cluster(&cluster.name)?;
    let tagged = cluster.tags.get(names::STACK)?;
    (tagged == stack.as_str()).then_some(stack)
}
