//! The roles of a target, one trait for each topic. A target implements a role where the topic lies,
//! and a role that a target does not have is absent: no method only refuses. All methods return an
//! error if the target cannot be reached or refuses the request.

use super::api::sts::Identity;
use super::{
    Adopting, CloudError, Finding, InputForm, InputState, Lease, LogFile, LogListing, Login,
    ReadClusters, StackLogs, StoredAccount, StoredLogs, Trials, Uploaded,
};
use crate::model::action::Action;
use crate::model::app_ui::{AppUi, AppUiCluster, ApplicationId, EventLogPlace};
use crate::model::diagnosis::Diagnosis;
use crate::model::event::{Listener, SparkProgress};
use crate::model::evidence::Section;
use crate::model::facts::Facts;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::observed::{Cluster, Observed, Run};
use crate::model::origin::Origin;
use crate::model::plan::Plan;
use crate::model::presigned_url::PresignedUrl;
use crate::model::safeguard::Safeguard;
use crate::model::sample::Sample;
use crate::model::stack::Stack;
use crate::summary::Application;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// What a plan needs besides an observation.
#[async_trait(?Send)]
pub trait Planning {
    /// Collects what planning needs to know. Downloads data that the stack names by URL.
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        listener: &dyn Listener,
    ) -> Result<Facts, CloudError>;

    /// Checks what a plan needs from outside, such as roles, before anything is created. Returns
    /// the safeguards of the cluster that the plan creates, if it creates one.
    async fn check(&self, plan: &Plan) -> Result<Vec<Safeguard>, CloudError>;
}

/// Reads what exists. Changes nothing.
#[async_trait(?Send)]
pub trait Observing {
    /// Reads what exists of a stack, including its results in the folder `home`.
    async fn observe(&self, stack: &StackName, home: Option<&Path>)
    -> Result<Observed, CloudError>;

    /// Reads what exists of a stack with fewer calls than [`Self::observe`], for `destroy`: of living
    /// clusters neither instances nor steps nor safeguards.
    async fn inventory(&self, stack: &StackName) -> Result<Observed, CloudError>;

    /// Reads the state of a stack's clusters with fewer calls than [`Self::observe`].
    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError>;

    /// All stacks' clusters that were created since an instant, oldest first, without those in
    /// `known`. Ended clusters are included as long as the target remembers them. An adopted cluster
    /// that cannot be read is in `unread`.
    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<ReadClusters<Cluster>, CloudError>;

    /// The stacks that have any resources, sorted by name.
    async fn stacks(&self) -> Result<Vec<StackName>, CloudError>;
}

/// The exclusive right to change a stack.
#[async_trait(?Send)]
pub trait Leasing {
    /// Acquires the lease of a stack. Waits for another holder for a limited time, then returns an
    /// error that names the holder. Resolves the intents that an earlier run left.
    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError>;

    /// Whether a live process may hold the lease of a stack.
    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError>;
}

/// Carries out actions.
#[async_trait(?Send)]
pub trait Acting {
    /// Carries out one action. Actions are idempotent; deleting what does not exist succeeds.
    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        listener: &dyn Listener,
    ) -> Result<(), CloudError>;
}

/// Where stacks were last applied from.
#[async_trait(?Send)]
pub trait Origins {
    /// Where the stack was last applied from; `None` if that is not recorded.
    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError>;

    /// Sets the origin that is recorded with the next change of the stack.
    fn applied_from(&self, origin: Origin);
}

/// The logs of stacks.
#[async_trait(?Send)]
pub trait Logs {
    /// Lists the logs of the newest cluster of a stack that has any; `None` if none has.
    async fn logs(&self, stack: &StackName) -> Result<Option<StackLogs>, CloudError>;
}

/// Spark's event logs.
#[async_trait(?Send)]
pub trait EventLogs {
    /// The figures of the applications whose event logs a run of a job has written so far, in no
    /// order. Call it after [`Observing::observe`] or [`Observing::watch`] of the stack.
    async fn applications(
        &self,
        cluster: &Cluster,
        run: &Run,
    ) -> Result<Vec<Application>, CloudError>;

    /// Copies the event logs of a run into an existing folder, as Spark's history server reads them.
    /// Returns how many applications they are of. Call it as [`Self::applications`].
    async fn copy_event_logs(
        &self,
        cluster: &Cluster,
        run: &Run,
        to: &Path,
        listener: &dyn Listener,
    ) -> Result<usize, CloudError>;
}

/// The logs of any cluster.
#[async_trait(?Send)]
pub trait ClusterLogs {
    /// Lists the logs of one cluster, whoever created it; `None` if the target does not know it.
    async fn logs_of(&self, id: &ClusterId) -> Result<Option<LogListing>, CloudError>;

    /// The sizes of the logs that were listed last, and where they are; `None` if they are read where
    /// they are.
    fn stored_logs(&self) -> Option<StoredLogs>;

    /// Waits for the time of `pause`, or until the logs that were listed last differ from those that
    /// are there, if the target can tell that sooner. Returns whether they do.
    async fn await_logs(&self, pause: Duration) -> bool;

    /// Reads head and tail of a log of the cluster whose logs were listed last.
    async fn sections(&self, id: &ClusterId, name: &str) -> Result<Vec<Section>, CloudError>;

    /// Fetches logs of the cluster whose logs were listed last, in the order of their names. They are
    /// read later; what is downloaded for that is deleted with the last of them.
    async fn fetch(
        &self,
        id: &ClusterId,
        names: &[String],
        listener: &dyn Listener,
    ) -> Result<Vec<LogFile>, CloudError>;
}

/// The logs of running steps' drivers, if the target uploads them now and then.
#[async_trait(?Send)]
pub trait DriverLogs {
    /// How long to wait between two reads: each costs a listing.
    fn read_interval(&self) -> Duration;

    /// Reads what Spark logs of a step, by its number from 1, on a cluster that was observed last, if
    /// it was uploaded after `known`.
    async fn uploaded_log(
        &self,
        id: &ClusterId,
        step: usize,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError>;

    /// The same of what a step prints. In cluster mode, its driver prints into its container's log.
    async fn uploaded_output(
        &self,
        id: &ClusterId,
        step: usize,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError>;

    /// The same of the driver of an application of YARN in cluster mode: of its last attempt.
    async fn uploaded_driver_log(
        &self,
        id: &ClusterId,
        application: &ApplicationId,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError>;
}

/// Teams' accounts, each replaced as a whole.
#[async_trait(?Send)]
pub trait TeamAccounts {
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

/// Spark's own pages and the output of steps, if this machine can read them as they change.
#[async_trait(?Send)]
pub trait SparkPages {
    /// The last lines that a step has printed to standard output, a few kilobytes at most; its number
    /// on the cluster counts from 1. None if it has printed nothing, or if that cannot be read.
    async fn printed(&self, cluster: &Cluster, number: usize) -> Vec<String>;

    /// The progress of the Spark application behind the URL `ui`; `None` if it cannot be read.
    async fn progress(&self, ui: &str) -> Option<SparkProgress>;
}

/// What only an account of AWS has.
pub trait AwsAccount:
    Readiness + Access + Safeguarding + SharedResources + Inputs + AppUis + Adopting + Trials
{
}

impl<T> AwsAccount for T where
    T: Readiness + Access + Safeguarding + SharedResources + Inputs + AppUis + Adopting + Trials
{
}

/// The inputs of stacks in S3.
#[async_trait(?Send)]
pub trait Inputs {
    /// Looks an input up with one call. `address`: `s3://BUCKET/KEY`.
    async fn look_up(&self, address: &str, form: InputForm) -> InputState;
}

/// Spark's pages as EMR serves them. They need neither a way to log in to a cluster nor Spark on this
/// machine.
#[async_trait(?Send)]
pub trait AppUis {
    /// What decides which page shows a cluster's applications; `None` if EMR does not know the cluster.
    async fn app_ui_cluster(&self, id: &ClusterId) -> Result<Option<AppUiCluster>, CloudError>;

    /// Where the event logs of a run are. Call it after [`Observing::observe`] of its stack.
    async fn event_log_place(
        &self,
        cluster: &Cluster,
        run: &Run,
    ) -> Result<EventLogPlace, CloudError>;

    /// Requests a page of a cluster, and waits for a few minutes until EMR has prepared it. `role` is
    /// the ARN of a step's role, which a cluster with runtime roles needs.
    async fn app_ui(
        &self,
        id: &ClusterId,
        ui: &AppUi,
        role: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<PresignedUrl, CloudError>;
}

/// Whether an account is ready for clusters.
#[async_trait(?Send)]
pub trait Readiness {
    /// The account that pays, and the ARN of the credentials.
    async fn identity(&self) -> Result<Identity, CloudError>;

    /// Whether roles are missing that a cluster or its safeguards need.
    async fn has_missing_roles(&self) -> Result<bool, CloudError>;

    /// Runs all checks; a failed one does not stop the others. Without valid credentials, the
    /// others would only repeat that error and are skipped. With a stack, its network is checked
    /// instead of the default one.
    async fn checkup(&self, stack: Option<&Stack>) -> Vec<Finding>;

    /// Creates the kind of schedule that ends clusters, with a distant time and a cluster that
    /// cannot exist, reads it back, and deletes it.
    async fn try_schedule(&self) -> Finding;
}

/// Diagnoses that are kept with the clusters that failed, and their fixes. On this machine the record
/// of a cluster also has a diagnosis, without fixes.
#[async_trait(?Send)]
pub trait Diagnoses {
    /// Adds the diagnoses that are kept to clusters of the last observation. Makes no call for a
    /// cluster without any.
    async fn recall(&self, clusters: &mut [Cluster]) -> Result<(), CloudError>;

    /// Keeps why a cluster's step failed, by its number from 1, or why the cluster never was ready.
    /// Does nothing if the stack is gone. Call it under the stack's lease.
    async fn keep(
        &self,
        stack: &StackName,
        id: &ClusterId,
        step: Option<usize>,
        diagnosis: &Diagnosis,
    ) -> Result<(), CloudError>;
}

/// What the stacks of an account share.
#[async_trait(?Send)]
pub trait SharedResources {
    /// Removes it once no stack is left. Locks of dead holders do not count; if nothing but locks
    /// is left, waits to find out whether their holders are dead.
    async fn remove_shared(&self) -> Result<(), CloudError>;
}

/// Access to clusters from this machine, by their security groups.
#[async_trait(?Send)]
pub trait Access {
    /// How to log in to the primary of a stack's live cluster. Opens its port to this machine, if it
    /// is reached over SSH.
    async fn log_in(&self, stack: &StackName) -> Result<Login, CloudError>;

    /// Moves the `from: caller` rules of this machine to its present address and returns the ports
    /// that changed. Call it after [`Observing::observe`] of the stack.
    async fn follow_caller(&self) -> Result<Vec<u16>, CloudError>;
}

/// Safeguards, as far as they depend on more than one cluster's replies.
#[async_trait(?Send)]
pub trait Safeguarding {
    /// Checks what the safeguards depend on, which [`Observing::observe`] does not do: the calls
    /// are worth making only where the safeguards are shown.
    async fn verify_safeguards(&self, observed: &mut Observed);

    /// Records that this process stops following a cluster on purpose and leaves it running.
    async fn stop_following(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError>;
}
