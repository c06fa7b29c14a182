//! Amazon EMR: clusters and steps. No call of EMR has an idempotency token (EMR API, 2009-03-31).

use super::{Page, Tags, call};
use crate::model::emr_settings::EmrSettings;
use crate::model::observed::{ClusterState, StepState};
use crate::model::span::Span;
use crate::model::stack::{Ebs, Market};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A cluster with its guards and its work, in one indivisible call. Its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunJobFlow {
    pub name: String,
    pub release: String,
    pub applications: Vec<String>,
    /// `s3://…/`.
    pub log_uri: String,
    pub service_role: String,
    /// The machines' instance profile.
    pub instance_profile: String,
    /// One of MASTER, at most one of CORE.
    pub groups: Vec<NewGroup>,
    /// EC2's name of the key pair.
    pub key_pair: Option<String>,
    /// Ids of security groups that the primary has besides EMR's own.
    pub security_groups: Vec<String>,
    /// EMR's auto-termination policy; none where the release has none.
    pub idle_timeout: Option<Span>,
    /// Whether it waits for more when its steps are over (KeepJobFlowAliveWhenNoSteps).
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Primary,
    Core,
    Task,
}

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
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
}

/// ActionOnFailure, those that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    TerminateCluster,
    CancelAndWait,
}

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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub id: String,
    pub name: String,
    pub state: ClusterState,
    /// StateChangeReason's code, such as `STEP_FAILURE`; EMR may have none yet.
    pub reason: Option<String>,
    pub message: Option<String>,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub release: String,
    /// Their names, as EMR has them.
    pub applications: Vec<String>,
    /// As EMR has it now; `AutoTerminate` is its opposite.
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

/// Up to 50 clusters, in no promised order, without their tags.
#[derive(Debug, Clone)]
pub struct ListClusters {
    /// All states where empty.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub id: String,
    pub name: String,
    pub state: ClusterState,
    pub created_at: DateTime<Utc>,
}

/// Up to 50 steps, the newest first.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `s-…`.
    pub id: String,
    pub name: String,
    /// CANCEL_PENDING is told as running: it still is.
    pub state: StepState,
    pub created_at: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// FailureDetails: reason, message and log file, those that EMR gave.
    pub failure: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    pub reason: Option<String>,
    pub message: Option<String>,
    pub log_file: Option<String>,
}

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

/// The instances of a cluster: those that are there, and those that are gone for less than 30 days.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The instance group's id.
    pub group: String,
    /// Whether EC2 gave a machine to it.
    pub is_machine: bool,
    pub created_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// The steps' ids, in order.
#[derive(Debug, Clone)]
pub struct AddJobFlowSteps {
    pub id: String,
    pub steps: Vec<NewStep>,
}
call!(AddJobFlowSteps, "elasticmapreduce:AddJobFlowSteps", changes once, Vec<String>, id);

/// Asks clusters, up to ten, to end. Success where they have ended.
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

/// Whether clusters wait for more when their steps are over.
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

/// The count of an instance group.
#[derive(Debug, Clone)]
pub struct ModifyInstanceGroups {
    pub cluster: String,
    /// Group and count.
    pub counts: Vec<(String, u16)>,
}
call!(
    ModifyInstanceGroups,
    "elasticmapreduce:ModifyInstanceGroups",
    changes,
    (),
    cluster
);

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

/// None where the cluster has no policy.
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

/// Adds or overwrites.
#[derive(Debug, Clone)]
pub struct AddTags {
    pub id: String,
    pub tags: Tags,
}
call!(AddTags, "elasticmapreduce:AddTags", changes, (), id, tags);

/// Keys that are not there are no error.
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

/// Whether EMR refuses clusters whose security groups let the whole world in, for the whole account
/// in this region.
#[derive(Debug, Clone)]
pub struct GetBlockPublicAccess;
call!(
    GetBlockPublicAccess,
    "elasticmapreduce:GetBlockPublicAccessConfiguration",
    reads,
    BlockPublicAccess
);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockPublicAccess {
    pub blocks: bool,
    /// Ports that may be open all the same, from and to; 22 in a new account.
    pub open: Vec<(u16, u16)>,
}

/// Labels that begin so, such as `emr-7.`.
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
