//! The edge: everything that touches a cloud goes through one trait.

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

/// Where SSH goes, as whom, and with which private key; none where it is the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    pub cluster: ClusterId,
    pub host: String,
    pub user: String,
    pub key: Option<PathBuf>,
    /// What could not be made sure of on the way.
    pub warning: Option<String>,
}

/// Something that a target needs, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub what: String,
    pub good: bool,
    pub says: String,
    pub hints: Vec<Hint>,
}

/// A team's account as it was read, and the version that it is in, which is opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    pub content: Vec<u8>,
    pub version: String,
}

/// Holds a stack for one process. Dropped without a release, it is let go when that process ends.
pub type Lease = Box<dyn Hold>;

#[async_trait(?Send)]
pub trait Hold {
    /// Lets go.
    async fn release(self: Box<Self>) -> Result<(), CloudError>;
}

/// A step's name as its logs' folder has it, after its number.
pub fn step_name(name: &str) -> String {
    let safe = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => c,
        _ => '-',
    };
    name.chars().take(60).map(safe).collect()
}

/// The folder of a step's logs: its number, from 1, and its name.
pub fn step_folder(number: usize, name: &str) -> String {
    format!("{number:02}-{}", step_name(name))
}

/// A place where stacks run.
#[async_trait(?Send)]
pub trait Cloud {
    /// What planning has to know of the world; downloads data that the stack names by URL.
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        listener: &dyn Listener,
    ) -> Result<Facts, CloudError>;

    /// What exists of a stack, its results in the folder `home` included. Changes nothing.
    async fn observe(&self, stack: &StackName, home: Option<&Path>)
    -> Result<Observed, CloudError>;

    /// From where the stack was applied last, where that was noted.
    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError>;

    /// Has the stack noted as applied from there, with the first thing that is made of it from now
    /// on.
    fn applied_from(&self, origin: Origin);

    /// The clusters of a stack as they are now; less to ask for than [`Self::observe`].
    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError>;

    /// The clusters of all stacks that were made since an instant, ended ones too as long as they
    /// are remembered, oldest first; without those that are known already.
    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<Vec<Cluster>, CloudError>;

    /// The account that pays, where there is one.
    async fn account(&self) -> Result<Option<String>, CloudError>;

    /// Whether what a plan needs from outside is there, asked before anything is made; the rungs of
    /// the cluster that it makes, where it makes one.
    async fn check(&self, plan: &Plan) -> Result<Vec<Safeguard>, CloudError>;

    /// The stacks of which anything exists, in order of their names.
    async fn stacks(&self) -> Result<Vec<StackName>, CloudError>;

    /// Takes the stack for oneself until the lease is released or its process dies; waits a while
    /// for another who has it, then says who. What an earlier run left in doubt is found out first.
    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError>;

    /// Makes one action true. Making it again is harmless; deleting what is gone is success.
    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError>;

    /// The names of the logs of a stack's newest cluster that has any, such as
    /// `steps/01-load/stderr`, in order.
    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError>;

    /// One of those logs, as it is now.
    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError>;

    /// How far the Spark application behind `ui` has come; none while it cannot be told.
    async fn progress(&self, ui: &str) -> Option<SparkProgress>;

    /// How long to wait before looking again at what was looked at so often.
    fn pause(&self, looks: u32) -> Duration;

    /// How long something new may be missing in what [`Self::observe`] sees.
    fn lag(&self) -> Duration;

    /// Whether clusters are ended by something of the target's own when their lifetime is over, or
    /// whoever follows them has to.
    fn guards_itself(&self) -> bool;

    /// Moves the openings that were made for this machine to the address that it has now; the
    /// ports that were moved. After [`Self::observe`] of the stack.
    async fn follow_caller(&self, stack: &StackName) -> Result<Vec<u16>, CloudError>;

    /// Says that nobody follows a cluster from now on, because its follower chose to leave it.
    async fn unfollow(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError>;

    /// Looks at what a rung needs besides itself, which [`Self::observe`] does not: no call is spent
    /// on it where nobody reads what is armed.
    async fn doubt_rungs(&self, _: &mut Observed) {}

    /// How the primary of a stack's living cluster is reached, its door opened to this machine.
    async fn shell(&self, stack: &StackName) -> Result<Shell, CloudError>;

    /// Whether roles lack that a cluster or its guards need.
    async fn lacks_roles(&self) -> Result<bool, CloudError>;

    /// What of the account is ready and what is not; nothing where there is no account.
    async fn checkup(&self) -> Vec<Finding>;

    /// Makes the kind of schedule that ends clusters, far off and for a cluster that cannot be, reads
    /// it back, and removes it; none where there is nothing to try.
    async fn try_schedule(&self) -> Option<Finding>;

    /// Removes what stacks share and none needs any more.
    async fn leave(&self) -> Result<(), CloudError>;

    /// Whom the credentials belong to, by ARN; none where there are none.
    async fn caller(&self) -> Result<Option<String>, CloudError>;

    /// Whether anybody alive may be at work on a stack.
    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError>;

    /// A team's account as it is kept; none where there is none yet.
    async fn team_book(&self, team: &TeamName) -> Result<Option<StoredAccount>, CloudError>;

    /// Keeps a team's account if it is still in the version that was read, or still none; false
    /// where somebody else was faster.
    async fn keep_team_book(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError>;
}
