//! The role of an account whose behaviour is tried out: what `doctor --live` does and reads beside
//! what every stack does.

use super::CloudError;
use crate::model::desired::JobSpec;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::ClusterState;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// A cluster as EMR describes it, without what clusterup makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedCluster {
    /// Its state.
    pub state: ClusterState,
    /// The code of `StateChangeReason`; EMR may not have set it.
    pub reason: Option<String>,
    /// The message of `StateChangeReason`.
    pub message: Option<String>,
    /// CreationDateTime.
    pub created_at: DateTime<Utc>,
    /// ReadyDateTime.
    pub ready_at: Option<DateTime<Utc>>,
    /// EndDateTime.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether it has the tags of its stack.
    pub has_tags: bool,
}

/// Which conditional writes S3 answered as documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionalWrites {
    /// A second write with `If-None-Match: *` was refused.
    pub absent_refused: bool,
    /// A write with an outdated `If-Match` was refused.
    pub outdated_refused: bool,
    /// A write with the right `If-Match` succeeded.
    pub unchanged_written: bool,
}

/// Tries out what an account does. Each method returns an error if AWS does not answer.
#[async_trait(?Send)]
pub trait Trials {
    /// Describes a cluster of a stack; `None` if EMR does not know it.
    async fn described(
        &self,
        stack: &StackName,
        id: &ClusterId,
    ) -> Result<Option<DescribedCluster>, CloudError>;

    /// Whether the Tagging API returns the tags of a stack's cluster.
    async fn lists_tags(&self, stack: &StackName, id: &ClusterId) -> Result<bool, CloudError>;

    /// Whether EMR's listing has a cluster that was created after an instant.
    async fn is_listed(&self, id: &ClusterId, since: DateTime<Utc>) -> Result<bool, CloudError>;

    /// The time of the newest metric that CloudWatch has of a cluster; `None` if it has none.
    async fn newest_metric(
        &self,
        id: &ClusterId,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, CloudError>;

    /// Reads a small text that a job wrote to its `${scratch}`; `None` if there is none.
    async fn scratch_text(
        &self,
        stack: &StackName,
        job: &JobSpec,
        name: &str,
    ) -> Result<Option<String>, CloudError>;

    /// Whether an object of this name is among the stack's notes, where instances must not write.
    async fn is_among_notes(&self, stack: &StackName, name: &str) -> Result<bool, CloudError>;

    /// Writes an object of this name among the stack's notes under several conditions.
    async fn write_conditionally(
        &self,
        stack: &StackName,
        name: &str,
    ) -> Result<ConditionalWrites, CloudError>;

    /// Adds the same step, which does nothing, to a cluster twice. Returns how many steps that are.
    async fn add_step_twice(&self, id: &ClusterId) -> Result<usize, CloudError>;

    /// Whether a schedule exists that ends a cluster.
    async fn is_scheduled(&self, id: &ClusterId) -> Result<bool, CloudError>;

    /// The ids of the EBS volumes of a cluster that exist and are attached to nothing.
    async fn volumes_left(&self, id: &ClusterId) -> Result<Vec<String>, CloudError>;
}
