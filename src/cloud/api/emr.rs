//! Amazon EMR: clusters and steps. No call of EMR has an idempotency token (EMR API, 2009-03-31).

use super::{Page, Tags, call};
use crate::model::emr_settings::EmrSettings;
use crate::model::observed::{ClusterState, StepState};
use crate::model::span::Span;
use crate::model::stack::{Ebs, Market};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Creates a cluster with its safeguards and steps in one atomic call. Returns its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunJobFlow {
    pub name: String,
    pub release: String,
    pub applications: Vec<String>,
    /// `s3://…/`.
    pub log_uri: String,
    pub service_role: String,
    /// The EC2 instances' instance profile.
    pub instance_profile: String,
    /// One of MASTER, at most one of CORE.
    pub groups: Vec<NewGroup>,
    /// The key pair's name in EC2.
    pub key_pair: Option<String>,
    /// Ids of security groups that the primary has besides EMR's own.
    pub security_groups: Vec<String>,
    /// EMR's auto-termination policy; `None` if the release does not support it.
    pub idle_timeout: Option<Span>,
    /// Whether it waits for more steps after its last one (KeepJobFlowAliveWhenNoSteps).
    pub keep_alive: bool,
    pub step_concurrency: u16,
    pub settings: EmrSettings,
    pub configurations: Vec<Configuration>,
    pub bootstrap: Vec<BootstrapAction>,
    pub steps: Vec<NewStep>,
    pub tags: Tags,
}
call!(RunJobFlow, "elasticmapreduce:RunJobFlow", changes once, ClusterRef, name, release);

/// A cluster's id, `j-…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRef(pub String);

/// The role of an instance group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Primary,
    Core,
    Task,
}

/// An instance group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    pub role: Role,
    pub instance_type: String,
    pub count: u16,
    pub market: Market,
    pub ebs: Option<Ebs>,
}

/// One classification. `export` holds what EMR nests in it under `export` (`spark-env`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    pub classification: String,
    pub properties: BTreeMap<String, String>,
    pub export: BTreeMap<String, String>,
}

/// A script that runs on each node before applications are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootstrapAction {
    pub name: String,
    /// `s3://…`.
    pub script: String,
    pub args: Vec<String>,
}

/// A step of command-runner.jar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStep {
    pub name: String,
    pub on_failure: OnFailure,
    /// The program and its arguments, which no shell interprets.
    pub command: Vec<String>,
}

/// ActionOnFailure, as far as clusterup uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    TerminateCluster,
    CancelAndWait,
}

/// Describes a cluster. [`super::Kind::NotFound`] if EMR does not know it.
#[derive(Debug, Clone)]
pub struct DescribeCluster {
    pub id: String,
}
call!(
    DescribeCluster,
    "elasticmapreduce:DescribeCluster",
    reads,
    Cluster,
    id
);

/// A cluster as EMR describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub id: String,
    pub name: String,
    pub state: ClusterState,
    /// StateChangeReason's code, such as `STEP_FAILURE`; EMR may not have set it yet.
    pub reason: Option<String>,
    pub message: Option<String>,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub release: String,
    /// Names of applications as EMR spells them.
    pub applications: Vec<String>,
    /// The present setting; the opposite of `AutoTerminate`.
    pub keep_alive: bool,
    pub protected: bool,
    pub step_concurrency: u16,
    pub settings: EmrSettings,
    pub key_pair: Option<String>,
    pub security_groups: Vec<String>,
    pub primary_dns: Option<String>,
    pub log_uri: Option<String>,
    pub tags: Tags,
}

/// Lists up to 50 clusters, in no guaranteed order, without their tags.
#[derive(Debug, Clone)]
pub struct ListClusters {
    /// Empty for all states.
    pub states: Vec<ClusterState>,
    pub created_after: Option<DateTime<Utc>>,
    pub next: Option<String>,
}
call!(
    ListClusters,
    "elasticmapreduce:ListClusters",
    reads,
    Page<Summary>
);

/// A cluster in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub id: String,
    pub name: String,
    pub state: ClusterState,
    pub created_at: DateTime<Utc>,
}

/// Lists up to 50 steps, newest first.
#[derive(Debug, Clone)]
pub struct ListSteps {
    pub id: String,
    pub next: Option<String>,
}
call!(
    ListSteps,
    "elasticmapreduce:ListSteps",
    reads,
    Page<Step>,
    id
);

/// A step of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `s-…`.
    pub id: String,
    pub name: String,
    /// CANCEL_PENDING is reported as running: the step still runs.
    pub state: StepState,
    pub created_at: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// FailureDetails, as far as EMR filled them in.
    pub failure: Option<Failure>,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    pub reason: Option<String>,
    pub message: Option<String>,
    pub log_file: Option<String>,
}

/// Lists a cluster's instance groups. [`super::Kind::Invalid`] if it has instance fleets.
#[derive(Debug, Clone)]
pub struct ListInstanceGroups {
    pub id: String,
}
call!(
    ListInstanceGroups,
    "elasticmapreduce:ListInstanceGroups",
    reads,
    Vec<InstanceGroup>,
    id
);

/// An instance group of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceGroup {
    /// `ig-…`.
    pub id: String,
    pub role: Role,
    pub instance_type: String,
    pub market: Market,
    pub requested: u16,
    pub running: u16,
}

/// Lists a cluster's instances: present ones, and those that ended less than 30 days ago.
#[derive(Debug, Clone)]
pub struct ListInstances {
    pub id: String,
    pub next: Option<String>,
}
call!(
    ListInstances,
    "elasticmapreduce:ListInstances",
    reads,
    Page<Instance>,
    id
);

/// An instance of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The instance group's id.
    pub group: String,
    /// Whether EC2 has launched a machine for it.
    pub is_machine: bool,
    pub created_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Adds steps. Returns their ids, in order.
#[derive(Debug, Clone)]
pub struct AddJobFlowSteps {
    pub id: String,
    pub steps: Vec<NewStep>,
}
call!(AddJobFlowSteps, "elasticmapreduce:AddJobFlowSteps", changes once, Vec<String>, id);

/// Requests the end of up to ten clusters. Succeeds for those that have ended.
#[derive(Debug, Clone)]
pub struct TerminateJobFlows {
    pub ids: Vec<String>,
}
call!(
    TerminateJobFlows,
    "elasticmapreduce:TerminateJobFlows",
    changes,
    (),
    ids
);

/// Sets the termination protection of clusters.
#[derive(Debug, Clone)]
pub struct SetTerminationProtection {
    pub ids: Vec<String>,
    pub protected: bool,
}
call!(
    SetTerminationProtection,
    "elasticmapreduce:SetTerminationProtection",
    changes,
    (),
    ids
);

/// Sets whether clusters wait for more steps after their last one.
#[derive(Debug, Clone)]
pub struct SetKeepAlive {
    pub ids: Vec<String>,
    pub keep: bool,
}
call!(
    SetKeepAlive,
    "elasticmapreduce:SetKeepJobFlowAliveWhenNoSteps",
    changes,
    (),
    ids
);

/// Sets the instance counts of instance groups.
#[derive(Debug, Clone)]
pub struct ModifyInstanceGroups {
    pub cluster: String,
    /// Pairs of group id and count.
    pub counts: Vec<(String, u16)>,
}
call!(
    ModifyInstanceGroups,
    "elasticmapreduce:ModifyInstanceGroups",
    changes,
    (),
    cluster
);

/// Sets how many steps run at the same time.
#[derive(Debug, Clone)]
pub struct ModifyCluster {
    pub id: String,
    pub step_concurrency: u16,
}
call!(
    ModifyCluster,
    "elasticmapreduce:ModifyCluster",
    changes,
    (),
    id
);

/// Reads a cluster's idle timeout; `None` if it has no auto-termination policy.
#[derive(Debug, Clone)]
pub struct GetAutoTerminationPolicy {
    pub id: String,
}
call!(
    GetAutoTerminationPolicy,
    "elasticmapreduce:GetAutoTerminationPolicy",
    reads,
    Option<Span>,
    id
);

/// Sets a cluster's idle timeout.
#[derive(Debug, Clone)]
pub struct PutAutoTerminationPolicy {
    pub id: String,
    pub idle_timeout: Span,
}
call!(
    PutAutoTerminationPolicy,
    "elasticmapreduce:PutAutoTerminationPolicy",
    changes,
    (),
    id
);

/// Adds or overwrites tags.
#[derive(Debug, Clone)]
pub struct AddTags {
    pub id: String,
    pub tags: Tags,
}
call!(AddTags, "elasticmapreduce:AddTags", changes, (), id, tags);

/// Removes tags. Missing keys are not an error.
#[derive(Debug, Clone)]
pub struct RemoveTags {
    pub id: String,
    pub keys: Vec<String>,
}
call!(
    RemoveTags,
    "elasticmapreduce:RemoveTags",
    changes,
    (),
    id,
    keys
);

/// Reads whether EMR refuses clusters whose security groups are open to the world, for the account
/// in this region.
#[derive(Debug, Clone)]
pub struct GetBlockPublicAccess;
call!(
    GetBlockPublicAccess,
    "elasticmapreduce:GetBlockPublicAccessConfiguration",
    reads,
    BlockPublicAccess
);

/// EMR's setting for public access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockPublicAccess {
    pub blocks: bool,
    /// Ports that may be open nevertheless, from and to; 22 in a new account.
    pub open: Vec<(u16, u16)>,
}

/// Lists release labels with a prefix such as `emr-7.`.
#[derive(Debug, Clone)]
pub struct ListReleaseLabels {
    pub prefix: String,
    pub next: Option<String>,
}
call!(
    ListReleaseLabels,
    "elasticmapreduce:ListReleaseLabels",
    reads,
    Page<String>,
    prefix
);
