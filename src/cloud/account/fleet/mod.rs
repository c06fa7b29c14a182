//! The account's fleet: all of its clusters, no matter who created them.

mod act;
mod glance;
mod leftovers;
mod metric_samples;
mod other_costs;
mod snapshot;

pub(super) use other_costs::of_cluster;

use super::adopt::Adoptions;
use super::observe::NOT_OVER;
use super::{Account, lease};
use crate::cloud::api::emr::Summary;
use crate::cloud::api::{Api, Tags, emr};
use crate::cloud::fleet::{FleetListing, FleetProvider, RegionFleet};
use crate::cloud::{Class, CloudError};
use crate::model::fleet::{ClusterSnapshot, ListedCluster};
use crate::model::name::ClusterId;
use crate::model::place::Place;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What is cached between two sweeps.
pub(super) struct FleetCache<A> {
    /// The clusters of the last listing.
    clusters: RefCell<BTreeMap<ClusterId, CachedCluster>>,
    /// The ARNs of the clusters of the last listing.
    arns: RefCell<BTreeMap<ClusterId, String>>,
    /// The buckets to which clusters upload their logs.
    log_buckets: RefCell<BTreeSet<String>>,
    pub(super) watch: RefCell<lease::Watch<A>>,
    /// What is known of adoptions.
    pub(super) adoptions: RefCell<Adoptions>,
}

/// The instance groups of a cluster, or its instance fleets.
type Collections = (Vec<emr::InstanceGroup>, Vec<emr::InstanceFleet>);

/// Data of a cluster that is not read in each sweep.
#[derive(Default)]
struct CachedCluster {
    /// Its instance groups or fleets; `None` if they could not be read yet.
    collections: Option<Collections>,
    /// Its oldest steps, up to the first that has not finished. They no longer change.
    finished_steps: Vec<emr::Step>,
    /// The terms that the bucket's note last confirmed.
    agreed_terms: Option<String>,
    /// When its schedule and idle policy were read.
    read_at: Option<DateTime<Utc>>,
}

/// The most buckets of logs whose sizes are read.
const MAX_LOG_BUCKETS: usize = 100;

impl<A> FleetCache<A> {
    /// Notes where a cluster uploads its logs: `s3://BUCKET/…`, which EMR shows as `s3n://`.
    fn saw_logs(&self, log_uri: Option<&str>) {
        let bucket = log_uri.and_then(|uri| uri.split_once("://")?.1.split('/').next());
        let mut known = self.log_buckets.borrow_mut();
        if let Some(bucket) = bucket.filter(|name| !name.is_empty())
            && known.len() < MAX_LOG_BUCKETS
        {
            known.insert(bucket.to_owned());
        }
    }
}

impl<A> Default for FleetCache<A> {
    fn default() -> Self {
        Self {
            clusters: RefCell::default(),
            arns: RefCell::default(),
            log_buckets: RefCell::default(),
            watch: RefCell::default(),
            adoptions: RefCell::default(),
        }
    }
}

impl<A: Api> FleetProvider for Account<A> {
    fn region(&self) -> Option<&dyn RegionFleet> {
        Some(self)
    }
}

#[async_trait(?Send)]
impl<A: Api> FleetListing for Account<A> {
    fn place(&self) -> &Place {
        &self.place
    }

    async fn list(&self) -> Result<Vec<ListedCluster>, CloudError> {
        if self.place.account().is_some() {
            // Checks once that the credentials are of this account.
            self.identity().await?;
        }
        let mut listed = BTreeMap::new();
        let mut arns = BTreeMap::new();
        // A cluster that changes its state between two pages may be on both.
        let clusters = self.list_clusters(NOT_OVER.to_vec(), None);
        let (clusters, ()) = tokio::join!(clusters, self.refresh_adoptions());
        for summary in clusters? {
            let arn = summary.arn.clone();
            let one = listed_cluster(summary)?;
            arns.insert(one.id.clone(), arn);
            listed.insert(one.id.clone(), one);
        }
        *self.fleet.arns.borrow_mut() = arns;
        self.forget_others(&listed);
        Ok(listed.into_values().collect())
    }

    async fn list_since(&self, since: DateTime<Utc>) -> Result<Vec<ListedCluster>, CloudError> {
        // No states means all states.
        let (clusters, ()) = tokio::join!(
            self.list_clusters(Vec::new(), Some(since)),
            self.refresh_adoptions()
        );
        let listed: Result<Vec<_>, _> = clusters?.into_iter().map(listed_cluster).collect();
        let by_id = listed?.into_iter().map(|one| (one.id.clone(), one));
        // A cluster may be on two pages.
        let by_id: BTreeMap<ClusterId, ListedCluster> = by_id.collect();
        Ok(by_id.into_values().collect())
    }

    async fn tags(&self, ids: &[ClusterId]) -> Result<BTreeMap<ClusterId, Tags>, CloudError> {
        self.tags_of(ids).await
    }

    fn claims(&self, listed: &ListedCluster) -> bool {
        self.is_claimed(listed)
    }

    fn glance(&self, listed: &ListedCluster, tags: Tags) -> Option<ClusterSnapshot> {
        self.listed_snapshot(listed, tags)
    }

    async fn look(&self, id: &ClusterId) -> Result<Option<ClusterSnapshot>, CloudError> {
        self.snapshot(id).await
    }
}

fn listed_cluster(summary: Summary) -> Result<ListedCluster, CloudError> {
    let id: ClusterId = summary.id.parse().map_err(|_| {
        let message = format!("cannot read the id of cluster {:?}", summary.id);
        CloudError::new(Class::Failed, message)
    })?;
    Ok(ListedCluster {
        id,
        name: summary.name.into(),
        state: summary.state,
        created_at: summary.created_at,
        ready_at: summary.ready_at,
    })
}

impl<A: Api> Account<A> {
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

/// The tag of the watchdog's mark.
const MARK: &str = crate::model::fleet::MARK_TAG;
