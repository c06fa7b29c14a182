//! Everything that touches a cloud. Each target implements [`Cloud`], which is made of [`roles`].

pub mod account;
mod adopting;
pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
pub mod budgets;
mod call_log;
mod content;
pub(crate) mod data_folder;
pub mod description;
pub mod error;
mod event_log;
mod files;
pub mod fleet;
mod gather;
pub(crate) mod imports;
mod input;
mod keypair;
pub mod local;
mod local_results;
mod locked;
mod log;
pub mod loopback;
pub mod meter;
pub mod notify;
pub mod organization;
pub mod pace;
pub mod policy_prefix;
pub mod prices;
pub mod process;
pub mod remembered;
pub mod retry;
pub mod rights;
pub mod rng;
pub mod roles;
mod sample;
mod trials;
pub mod unserved;
pub mod yarn;

pub use adopting::{
    AdoptError, Adopting, AdoptionPlan, AdoptionRequest, ReadClusters, Released, UnreadCluster,
};
pub use error::{Class, CloudError};
pub use input::{InputForm, InputState, PATTERN};
pub use log::{
    Ended, FolderLogs, LogFile, LogListing, LogVersion, LoggedStep, MergedLogs, Next, StackLogs,
    StoredLogs, Tail, Uploaded, UploadedLog, read_log,
};
pub use roles::{
    Access, Acting, AwsAccount, ClusterLogs, Diagnoses, DriverLogs, EventLogs, Inputs, Leasing,
    Logs, Observing, Origins, Planning, Readiness, Safeguarding, SharedResources, SparkPages,
    TeamAccounts,
};

pub use trials::{ConditionalWrites, DescribedCluster, Trials};

use crate::model::hint::Hint;
use crate::model::name::{ClusterId, Region};
use async_trait::async_trait;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// How to log in to a primary node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Over SSH.
    Ssh(Shell),
    /// Through AWS Systems Manager's Session Manager.
    Session {
        /// The cluster.
        cluster: ClusterId,
        /// The primary's instance in EC2, `i-…`.
        instance: String,
        /// The primary's DNS name.
        host: Option<String>,
        /// Its region.
        region: Region,
    },
}

/// How to log in to a primary node over SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// The cluster.
    pub cluster: ClusterId,
    /// The primary's public DNS name.
    pub host: String,
    /// The user's name on the node.
    pub user: String,
    /// The private key's file; `None` if the key pair is the user's own.
    pub key: Option<PathBuf>,
    /// Something about the connection that could not be verified.
    pub warning: Option<String>,
}

/// The result of one check of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// What was checked, such as `roles`.
    pub what: String,
    /// Whether it is as clusterup needs it.
    pub good: bool,
    /// The state in words.
    pub says: String,
    /// How to fix it, the most likely first.
    pub hints: Vec<Hint>,
}

/// A team's account as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// The account in JSON.
    pub content: Vec<u8>,
    /// An opaque identifier of this content, for conditional writes.
    pub version: String,
}

/// The exclusive right to change a stack. If it is dropped without a release, it expires when the
/// process ends.
pub type Lease = Box<dyn LeaseGuard>;

/// A lease that is held.
#[async_trait(?Send)]
pub trait LeaseGuard {
    /// Releases the lease.
    ///
    /// # Errors
    /// Returns an error if the lock cannot be removed. It expires by itself then.
    async fn release(self: Box<Self>) -> Result<(), CloudError>;
}

/// A step's name as part of its log folder's name: other characters than letters, digits, `.`, `_`
/// and `-` become `-`, and 60 characters are kept.
pub fn step_name(name: &str) -> String {
    let safe = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => c,
        _ => '-',
    };
    name.chars().take(60).map(safe).collect()
}

/// The folder of a step's logs, such as `01-load`. `number` counts from 1.
pub fn step_folder(number: usize, name: &str) -> String {
    format!("{number:02}-{}", step_name(name))
}

/// A target: where stacks run.
pub trait Cloud:
    Planning
    + Observing
    + Leasing
    + Acting
    + Origins
    + Logs
    + ClusterLogs
    + EventLogs
    + Diagnoses
    + TeamAccounts
{
    /// How long to wait before the next poll, after `looks` polls.
    fn pause(&self, looks: u32) -> Duration;

    /// The visibility window: how long [`Observing::observe`] may miss what was just created.
    fn lag(&self) -> Duration;

    /// Whether the target ends clusters at their deadline by itself. If not, `apply` has to while
    /// it follows them.
    fn ends_clusters_itself(&self) -> bool;

    /// The account of AWS, if the target is one.
    fn aws(&self) -> Option<&dyn AwsAccount>;

    /// Spark's pages, if the target has them within reach.
    fn spark_pages(&self) -> Option<&dyn SparkPages>;

    /// The logs of running drivers, if the target does not watch them itself.
    fn driver_logs(&self) -> Option<&dyn DriverLogs>;
}

/// The id of the account that pays; `None` on a target without accounts.
///
/// # Errors
/// Returns an error if there are no credentials or they are no longer valid.
pub async fn payer(cloud: &dyn Cloud) -> Result<Option<String>, CloudError> {
    match cloud.aws() {
        Some(aws) => Ok(Some(aws.identity().await?.account.to_string())),
        None => Ok(None),
    }
}
