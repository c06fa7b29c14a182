//! The account's fleet: all of its clusters, no matter who created them.

mod act;
mod leftovers;
mod metric_samples;
mod snapshot;

use super::errors::Context;
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

/// What is cached between two sweeps.
pub(super) struct FleetCache<A> {
    /// The clusters of the last listing.
    clusters: RefCell<BTreeMap<ClusterId, CachedCluster>>,
    pub(super) watch: RefCell<lease::Watch<A>>,
}

/// Data of a cluster that is not read in each sweep.
#[derive(Default)]
struct CachedCluster {
    /// `None` if they could not be read yet; empty if the cluster has none.
    groups: Option<Vec<emr::InstanceGroup>>,
    /// Its oldest steps, up to the first that has not finished. They no longer change.
    finished_steps: Vec<emr::Step>,
    /// The terms that the bucket's note last confirmed.
    agreed_terms: Option<String>,
    /// When its schedule and idle policy were read.
    read_at: Option<DateTime<Utc>>,
}

impl<A> Default for FleetCache<A> {
    fn default() -> Self {
        Self {
            clusters: RefCell::default(),
            watch: RefCell::default(),
        }
    }
}

impl<A: Api> Account<A> {
    async fn all_listed(&self) -> Result<Vec<ListedCluster>, CloudError> {
        let mut listed = BTreeMap::new();
        // A cluster that changes its state between two pages may be on both.
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

    /// Drops cached data of clusters that are no longer listed.
    fn forget_others(&self, listed: &BTreeMap<ClusterId, ListedCluster>) {
        let (mut known, mut observed) =
            (self.fleet.clusters.borrow_mut(), self.observed.borrow_mut());
        known.retain(|id, _| {
            let stays = listed.contains_key(id);
            if !stays {
                observed.clusters.remove(id);
                observed.followed.remove(id);
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
        self.read_metric_samples(snapshots, since).await
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
        done.with_context(|| format!("unprotect cluster {id}"))
    }

    async fn end(&self, ends: &[(ClusterId, End)]) -> Vec<Result<(), CloudError>> {
        self.end_all(ends).await
    }

    async fn extend(&self, id: &ClusterId, extension: &Extension) -> Result<(), CloudError> {
        let is_observed = self.observed.borrow().clusters.contains_key(id);
        if !is_observed
            && self
                .snapshot(id)
                .await?
                .is_none_or(|it| it.ours().is_none())
        {
            let message = format!("cluster {id} was not created by clusterup");
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
        self.acquire_watch().await
    }

    async fn holds_watch(&self) -> Result<bool, CloudError> {
        self.holds_watch_now().await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        let counted = self.count.as_ref().map(|count| count());
        counted.unwrap_or_default()
    }
}

/// The tag of the watchdog's mark.
const MARK: &str = crate::model::fleet::MARK_TAG;
