//! What the watchdog needs of a place: all its clusters, no matter who created them. No call waits
//! for its effect; the next sweep checks it.

use super::{Adopting, CloudError, Lease};
use crate::model::fleet::{ClusterSnapshot, ListedCluster, MetricSample, WatchdogMark};
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::End;
use crate::model::other_cost::OtherCost;
use crate::model::place::Place;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The clusters of one region or of this machine.
pub trait FleetProvider: FleetListing + FleetMetrics + FleetControl + WatchLease {
    /// What only a region of AWS has.
    fn region(&self) -> Option<&dyn RegionFleet>;
}

/// Lists and describes clusters.
#[async_trait(?Send)]
pub trait FleetListing {
    /// The region or this machine.
    fn place(&self) -> &Place;

    /// All clusters that have not ended, including those that are ending.
    ///
    /// # Errors
    /// Returns an error if any page of the listing cannot be read: a partial list is never
    /// returned.
    async fn list(&self) -> Result<Vec<ListedCluster>, CloudError>;

    /// All clusters that were created since an instant. Ended ones are included as long as the place
    /// remembers them: EMR for two months (EMR API, ListClusters).
    ///
    /// # Errors
    /// Returns an error if any page of the listing cannot be read.
    async fn list_since(&self, since: DateTime<Utc>) -> Result<Vec<ListedCluster>, CloudError>;

    /// The tags of clusters of the last listing, read for many at once. A cluster without tags is
    /// left out.
    ///
    /// # Errors
    /// Returns an error if any of them cannot be read.
    async fn tags(
        &self,
        ids: &[ClusterId],
    ) -> Result<BTreeMap<ClusterId, BTreeMap<String, String>>, CloudError>;

    /// Whether a cluster's name, or a record of its adoption, says that clusterup has to do with it.
    fn claims(&self, listed: &ListedCluster) -> bool;

    /// A cluster as a listing and its tags show it, without a call. `None` if it has to be described:
    /// clusterup created it, or its name or tags say so.
    fn glance(
        &self,
        listed: &ListedCluster,
        tags: BTreeMap<String, String>,
    ) -> Option<ClusterSnapshot>;

    /// Describes a cluster, also one that has ended. `None` if the cloud does not know it. Steps
    /// that cannot be read are [`crate::model::fleet::Reading::Unread`], not an error.
    async fn look(&self, id: &ClusterId) -> Result<Option<ClusterSnapshot>, CloudError>;
}

/// What runs on clusters.
#[async_trait(?Send)]
pub trait FleetMetrics {
    /// The metric samples of clusters since an instant, oldest first. A cluster without samples is
    /// left out or has an empty list.
    async fn metric_samples(
        &self,
        snapshots: &[&ClusterSnapshot],
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<ClusterId, Vec<MetricSample>>, CloudError>;

    /// Of how many clusters one call reads the metrics of so long a time.
    fn at_once(&self, past: TimeDelta) -> usize;
}

/// Changes and ends clusters.
#[async_trait(?Send)]
pub trait FleetControl {
    /// Writes the watchdog's mark on a cluster, or removes it.
    async fn mark(&self, id: &ClusterId, mark: Option<&WatchdogMark>) -> Result<(), CloudError>;

    /// Requests the end of clusters and writes the tombstones of those that clusterup created.
    /// Returns a result for each, in order. Calls are batched; a failed batch does not affect the
    /// others.
    async fn end(&self, ends: &[(ClusterId, End)]) -> Vec<Result<(), CloudError>>;
}

/// The watchdog's lease of the account.
#[async_trait(?Send)]
pub trait WatchLease {
    /// Acquires the watchdog's lease of the account; `None` if another watchdog holds it. It is
    /// renewed in the background until it is released or lost.
    async fn watch(&self) -> Result<Option<Lease>, CloudError>;

    /// Whether the acquired lease is still held.
    async fn holds_watch(&self) -> Result<bool, CloudError>;
}

/// What a region of AWS has and this machine does not: protected clusters, leftovers that cost money,
/// and calls that are counted.
#[async_trait(?Send)]
pub trait RegionFleet: Cleanup + Adopting + OtherCosts {
    /// Removes termination protection.
    async fn unprotect(&self, id: &ClusterId) -> Result<(), CloudError>;

    /// The number of calls made so far, by AWS's names.
    fn calls(&self) -> BTreeMap<String, u64>;
}

/// Finds what costs money besides clusters. Only reads.
#[async_trait(?Send)]
pub trait OtherCosts {
    /// What costs money now. `alive`: the clusters that have not ended. What cannot be read hides
    /// nothing else.
    async fn other_costs(&self, alive: &BTreeSet<ClusterId>) -> FoundCosts;
}

/// What costs money besides clusters.
#[derive(Debug, Default)]
pub struct FoundCosts {
    /// The things that were found.
    pub costs: Vec<OtherCost>,
    /// Why some could not be looked for.
    pub unread: Vec<CloudError>,
}

/// Removes what ended clusters have left.
#[async_trait(?Send)]
pub trait Cleanup {
    /// What stacks have left whose last cluster ended before an instant.
    async fn leftovers(&self, ended_before: DateTime<Utc>) -> Result<Vec<Leftover>, CloudError>;

    /// Removes a leftover if it still is one. Returns false if something uses it.
    async fn remove(&self, leftover: &Leftover) -> Result<bool, CloudError>;
}

/// Something that a stack without clusters has left and nothing uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// Its identifier in the cloud: `sg-…`, the name of a key pair or schedule, or an object's key.
    pub id: String,
    /// The stack that it belonged to, if known.
    pub stack: Option<StackName>,
    /// A description: `security group spark-ssh of stack movies, whose last cluster ended 9d ago`.
    pub says: String,
}

/// The kinds of resources that are cleaned up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftoverKind {
    /// A security group.
    SecurityGroup,
    /// A key pair.
    KeyPair,
    /// A schedule that would have ended a cluster.
    Schedule,
    /// A stack's lock in its bucket.
    Lock,
}
