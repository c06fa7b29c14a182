//! What the watchdog needs of a place: all clusters there, no matter who made them. No call waits for
//! what it asks for to become true; the next sweep looks again.

use super::{CloudError, Lease};
use crate::model::extension::Extension;
use crate::model::fleet::{ClusterSnapshot, ListedCluster, MetricSample, Place, WatchdogMark};
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::End;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// One region, or this machine.
#[async_trait(?Send)]
pub trait FleetProvider {
    fn place(&self) -> &Place;

    /// All clusters that are not over, the ending ones too: one listing, filtered by the cloud.
    /// A page that fails is an error; half a list is none.
    async fn list(&self) -> Result<Vec<ListedCluster>, CloudError>;

    /// A cluster as it is now; none where the cloud does not know it. Where it is over, so it says.
    /// Steps that cannot be read are [`crate::model::fleet::Reading::Unread`], not an error.
    async fn look(&self, id: &ClusterId) -> Result<Option<ClusterSnapshot>, CloudError>;

    /// What ran on clusters since an instant, oldest first; a cluster that tells nothing is left out
    /// or has none.
    async fn metric_samples(
        &self,
        snapshots: &[&ClusterSnapshot],
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<ClusterId, Vec<MetricSample>>, CloudError>;

    /// Writes the watchdog's mark on a cluster, or takes it off.
    async fn mark(&self, id: &ClusterId, mark: Option<&WatchdogMark>) -> Result<(), CloudError>;

    /// Takes termination protection off.
    async fn unprotect(&self, id: &ClusterId) -> Result<(), CloudError>;

    /// Asks clusters to end, each with its tombstone where it is ours; an answer for each, in order.
    /// In batches of what the cloud takes at once; one that fails is no other's failure.
    async fn end(&self, ends: &[(ClusterId, End)]) -> Vec<Result<(), CloudError>>;

    /// Moves a deadline of a cluster of ours.
    async fn extend(&self, id: &ClusterId, extension: &Extension) -> Result<(), CloudError>;

    /// What clusters that are over have left: of stacks whose last cluster ended before an instant.
    async fn leftovers(&self, ended_before: DateTime<Utc>) -> Result<Vec<Leftover>, CloudError>;

    /// Removes that, if it is still left over. What something else uses is left alone: false.
    async fn remove(&self, leftover: &Leftover) -> Result<bool, CloudError>;

    /// Takes the watch of the account; none where another watchdog has it. Its beat goes on by
    /// itself until it is released or lost.
    async fn watch(&self) -> Result<Option<Lease>, CloudError>;

    /// Whether the watch that was taken is still ours.
    async fn keeps_watch(&self) -> Result<bool, CloudError>;

    /// The calls that were made so far, by AWS's names.
    fn calls(&self) -> BTreeMap<String, u64>;
}

/// Something of a dead stack that ends nothing and serves nobody any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    pub kind: LeftoverKind,
    /// What the cloud calls it: `sg-…`, a key pair's name, a schedule's, an object's key.
    pub id: String,
    pub stack: Option<StackName>,
    /// In words: `security group spark-ssh of stack movies, whose last cluster ended 9d ago`.
    pub says: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftoverKind {
    SecurityGroup,
    KeyPair,
    Schedule,
    Lock,
}
