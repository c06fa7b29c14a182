//! Everything that touches a cloud. Each target implements the [`Cloud`] trait.

pub mod account;
pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
pub mod budgets;
mod call_log;
mod content;
pub mod error;
mod files;
pub mod fleet;
mod gather;
mod keypair;
pub mod local;
mod local_results;
mod locked;
mod log;
pub mod meter;
pub mod notify;
pub mod pace;
pub mod policy_prefix;
pub mod prices;
pub mod process;
pub mod retry;
pub mod rights;
pub mod rng;
mod sample;
pub mod unserved;

pub use error::{Class, CloudError};

use crate::model::action::Action;
use crate::model::event::{Listener, SparkProgress};
use crate::model::facts::Facts;
use crate::model::hint::Hint;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::observed::{Cluster, Observed};
use crate::model::origin::Origin;
use crate::model::plan::Plan;
use crate::model::safeguard::Safeguard;
use crate::model::sample::Sample;
use crate::model::stack::Stack;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// A target: where stacks run. All methods return an error if the target cannot be reached or
/// refuses the request.
#[async_trait(?Send)]
pub trait Cloud {
    /// Collects what planning needs to know. Downloads data that the stack names by URL.
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        listener: &dyn Listener,
    ) -> Result<Facts, CloudError>;

    /// Reads what exists of a stack, including its results in the folder `home`. Changes nothing.
    async fn observe(&self, stack: &StackName, home: Option<&Path>)
    -> Result<Observed, CloudError>;

    /// Where the stack was last applied from; `None` if that is not recorded.
    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError>;

    /// Sets the origin that is recorded with the next change of the stack.
    fn applied_from(&self, origin: Origin);

    /// Reads the state of a stack's clusters with fewer calls than [`Self::observe`].
    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError>;

    /// All stacks' clusters that were created since an instant, oldest first, without those in
    /// `known`. Ended clusters are included as long as the target remembers them.
    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<Vec<Cluster>, CloudError>;

    /// The id of the account that pays; `None` on a target without accounts.
    async fn account(&self) -> Result<Option<String>, CloudError>;

    /// Checks what a plan needs from outside, such as roles, before anything is created. Returns
    /// the safeguards of the cluster that the plan creates, if it creates one.
    async fn check(&self, plan: &Plan) -> Result<Vec<Safeguard>, CloudError>;

    /// The stacks of which anything exists, in order of their names.
    async fn stacks(&self) -> Result<Vec<StackName>, CloudError>;

    /// Acquires the lease of a stack. Waits for another holder for a limited time, then returns an
    /// error that names the holder. Resolves the intents that an earlier run left.
    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError>;

    /// Carries out one action. Actions are idempotent; deleting what does not exist succeeds.
    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError>;

    /// The names of the logs of a stack's newest cluster that has any, such as
    /// `steps/01-load/stderr`, in order.
    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError>;

    /// Reads one of those logs in its present state.
    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError>;

    /// The progress of the Spark application behind the URL `ui`; `None` if it cannot be read.
    async fn progress(&self, ui: &str) -> Option<SparkProgress>;

    /// How long to wait before the next poll, after `looks` polls.
    fn pause(&self, looks: u32) -> Duration;

    /// The visibility window: how long [`Self::observe`] may miss what was just created.
    fn lag(&self) -> Duration;

    /// Whether the target ends clusters at their deadline by itself. If not, `apply` has to while
    /// it follows them.
    fn ends_clusters_itself(&self) -> bool;

    /// Moves the `from: caller` rules of this machine to its present address and returns the ports
    /// that changed. Call it after [`Self::observe`] of the stack.
    async fn follow_caller(&self, stack: &StackName) -> Result<Vec<u16>, CloudError>;

    /// Records that this process stops following a cluster and leaves it running.
    async fn stop_following(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError>;

    /// Checks what the safeguards depend on, which [`Self::observe`] does not do: the calls are
    /// worth making only where the safeguards are shown.
    async fn verify_safeguards(&self, _: &mut Observed) {}

    /// How to log in to the primary of a stack's live cluster. Opens its port to this machine.
    async fn shell(&self, stack: &StackName) -> Result<Shell, CloudError>;

    /// Whether roles are missing that a cluster or its safeguards need.
    async fn has_missing_roles(&self) -> Result<bool, CloudError>;

    /// Checks whether the account is ready. Empty on a target without accounts.
    async fn checkup(&self) -> Vec<Finding>;

    /// Creates the kind of schedule that ends clusters, with a distant time and a cluster that
    /// cannot exist, reads it back, and deletes it. `None` on a target without schedules.
    async fn try_schedule(&self) -> Option<Finding>;

    /// Removes what stacks share once no stack is left.
    async fn remove_shared(&self) -> Result<(), CloudError>;

    /// The ARN that the credentials belong to; `None` on a target without credentials.
    async fn caller(&self) -> Result<Option<String>, CloudError>;

    /// Whether a live process may hold the lease of a stack.
    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError>;

    /// Reads a team's account; `None` if there is none yet.
    async fn stored_team_account(
        &self,
        team: &TeamName,
    ) -> Result<Option<StoredAccount>, CloudError>;

    /// Writes a team's account if its version is still `was`, or if it is still missing when `was`
    /// is `None`. Returns false if another writer was faster.
    async fn store_team_account(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError>;
}
