//! Amazon EMR: clusters and steps. No call of EMR has an idempotency token (EMR API, 2009-03-31).

mod app_ui;
mod failure;
mod fleets;
mod new_step;
mod notebooks;
mod verbatim;

pub use app_ui::{
    CreatePersistentAppUi, DescribePersistentAppUi, GetOnClusterAppUiUrl, GetPersistentAppUiUrl,
    NewPersistentAppUi, PersistentAppUi,
};
pub use failure::{ErrorDetail, Failure};
pub use fleets::{
    GetManagedScalingPolicy, InstanceFleet, ListInstanceFleets, ModifyInstanceFleet, NewFleet,
    PutManagedScalingPolicy, RemoveManagedScalingPolicy, ScalingPolicy,
};
pub use new_step::{NewStep, OnFailure};
pub use notebooks::{ListRunningNotebooks, Notebook};
pub use verbatim::{
    DescribeClusterVerbatim, GetAutoTerminationPolicyVerbatim, GetManagedScalingPolicyVerbatim,
    ListBootstrapActionsVerbatim, ListInstanceFleetsVerbatim, ListInstanceGroupsVerbatim,
    ListStepsVerbatim, Verbatim,
};

use super::{Page, Tags, call, network::Network, service};
use crate::model::money::Usd;
use crate::model::observed::{ClusterState, StepState};
use crate::model::root_volume::RootVolume;
use crate::model::stack::{Ebs, Market};
use crate::model::{configurations::Configurations, emr_settings::EmrSettings, span::Span};
use chrono::{DateTime, Utc};

service! {
    RunJobFlow, DescribeCluster, ListClusters, ListSteps, ListInstanceGroups, ListInstances,
    AddJobFlowSteps, TerminateJobFlows, SetTerminationProtection, SetKeepAlive,
    ModifyInstanceGroups, ModifyCluster, GetAutoTerminationPolicy, PutAutoTerminationPolicy,
    RemoveAutoTerminationPolicy, AddTags, RemoveTags, ListReleaseLabels, GetBlockPublicAccess,
    ListInstanceFleets, ModifyInstanceFleet, GetManagedScalingPolicy, PutManagedScalingPolicy,
    RemoveManagedScalingPolicy, CreatePersistentAppUi, DescribePersistentAppUi,
    GetPersistentAppUiUrl, GetOnClusterAppUiUrl, ListRunningNotebooks,
}

/// Creates a cluster with its safeguards and steps in one atomic call. Returns its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunJobFlow {
    /// Name: the cluster's name.
    pub name: String,
    /// ReleaseLabel, such as `emr-7.12.0`.
    pub release: String,
    /// Applications, such as `Spark`. Letter case does not matter (EMR API, RunJobFlow).
    pub applications: Vec<String>,
    /// `s3://…/`.
    pub log_uri: String,
    /// ServiceRole: EMR's role, by its name or ARN.
    pub service_role: String,
    /// The EC2 instances' instance profile.
    pub instance_profile: String,
    /// One of MASTER, at most one of CORE; none with fleets.
    pub groups: Vec<NewGroup>,
    /// One of MASTER, at most one each of CORE and TASK; none with groups.
    pub fleets: Vec<NewFleet>,
    /// ManagedScalingPolicy; `None` for fixed counts.
    pub scaling: Option<ScalingPolicy>,
    /// The key pair's name in EC2.
    pub key_pair: Option<String>,
    /// Its subnet and security groups.
    pub network: Network,
    /// EbsRootVolumeSize, -Iops and -Throughput; `None` for EMR's default.
    pub root_volume: Option<RootVolume>,
    /// TerminationProtected: EMR refuses to end it.
    pub protected: bool,
    /// EMR's auto-termination policy; `None` if the release does not support it.
    pub idle_timeout: Option<Span>,
    /// Whether it waits for more steps after its last one (KeepJobFlowAliveWhenNoSteps).
    pub keep_alive: bool,
    /// StepConcurrencyLevel: how many steps run at the same time.
    pub step_concurrency: u16,
    /// What has no field of its own here: SecurityConfiguration, LogEncryptionKmsKeyId,
    /// AutoScalingRole and CustomAmiId.
    pub settings: EmrSettings,
    /// Configurations of the applications.
    pub configurations: Configurations,
    /// BootstrapActions, in order.
    pub bootstrap: Vec<BootstrapAction>,
    /// Steps, in order.
    pub steps: Vec<NewStep>,
    /// Tags of the cluster and its instances.
    pub tags: Tags,
}
call!(RunJobFlow, "elasticmapreduce:RunJobFlow", changes once, ClusterRef, name, release);

/// A cluster's id, `j-…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRef(pub String);

/// The role of an instance group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// MASTER: the primary node.
    Primary,
    /// CORE: nodes that run work and store HDFS.
    Core,
    /// TASK: nodes that only run work.
    Task,
}

/// An instance group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// InstanceRole.
    pub role: Role,
    /// InstanceType, such as `m5.xlarge`.
    pub instance_type: String,
    /// InstanceCount.
    pub count: u16,
    /// Market: on demand or Spot.
    pub market: Market,
    /// BidPrice in dollars per hour; `None` for the on-demand price.
    pub bid: Option<Usd>,
    /// EbsConfiguration; `None` for EMR's default volumes.
    pub ebs: Option<Ebs>,
}

/// A script that runs on each node before applications are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootstrapAction {
    /// Name, as EMR displays it.
    pub name: String,
    /// `s3://…`.
    pub script: String,
    /// Args of the script.
    pub args: Vec<String>,
}

/// Describes a cluster. [`super::Kind::NotFound`] if EMR does not know it.
#[derive(Debug, Clone)]
pub struct DescribeCluster {
    /// The cluster's id, `j-…`.
    pub id: String,
}
call! { DescribeCluster, "elasticmapreduce:DescribeCluster", reads, Cluster, id }

/// A cluster as EMR describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Id, `j-…`.
    pub id: String,
    /// Name.
    pub name: String,
    /// State in Status.
    pub state: ClusterState,
    /// StateChangeReason's code, such as `STEP_FAILURE`; EMR may not have set it yet.
    pub reason: Option<String>,
    /// StateChangeReason's message.
    pub message: Option<String>,
    /// ErrorDetails, as far as EMR filled them in.
    pub details: Vec<ErrorDetail>,
    /// CreationDateTime.
    pub created_at: DateTime<Utc>,
    /// ReadyDateTime: when the cluster was first ready for work.
    pub ready_at: Option<DateTime<Utc>>,
    /// EndDateTime: when the cluster was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// ReleaseLabel, such as `emr-7.12.0`.
    pub release: String,
    /// Names of applications as EMR spells them.
    pub applications: Vec<String>,
    /// Configurations, as they were requested.
    pub configurations: Configurations,
    /// The present setting; the opposite of `AutoTerminate`.
    pub keep_alive: bool,
    /// TerminationProtected.
    pub protected: bool,
    /// StepConcurrencyLevel.
    pub step_concurrency: u16,
    /// SecurityConfiguration, LogEncryptionKmsKeyId, LogUri, the roles and CustomAmiId. What is
    /// clusterup's default is not set.
    pub settings: EmrSettings,
    /// EbsRootVolumeSize, -Iops and -Throughput; `None` for EMR's default.
    pub root_volume: Option<RootVolume>,
    /// Ec2KeyName.
    pub key_pair: Option<String>,
    /// Its subnet and security groups.
    pub network: Network,
    /// InstanceCollectionType: whether it has instance fleets, and not instance groups.
    pub has_fleets: bool,
    /// MasterPublicDnsName; `None` until the primary runs.
    pub primary_dns: Option<String>,
    /// LogUri, `s3://…/`.
    pub log_uri: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// Lists up to 50 clusters, in no guaranteed order, without their tags.
#[derive(Debug, Clone)]
pub struct ListClusters {
    /// Empty for all states.
    pub states: Vec<ClusterState>,
    /// CreatedAfter; `None` for all.
    pub created_after: Option<DateTime<Utc>>,
    /// The token of the page to read; `None` for the first.
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
    /// Id, `j-…`.
    pub id: String,
    /// ClusterArn.
    pub arn: String,
    /// Name.
    pub name: String,
    /// State in Status.
    pub state: ClusterState,
    /// CreationDateTime.
    pub created_at: DateTime<Utc>,
    /// ReadyDateTime.
    pub ready_at: Option<DateTime<Utc>>,
}

/// Lists up to 50 steps, newest first.
#[derive(Debug, Clone)]
pub struct ListSteps {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call! { ListSteps, "elasticmapreduce:ListSteps", reads, Page<Step>, id }

/// A step of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `s-…`.
    pub id: String,
    /// Name.
    pub name: String,
    /// CANCEL_PENDING is reported as running: the step still runs.
    pub state: StepState,
    /// CreationDateTime.
    pub created_at: Option<DateTime<Utc>>,
    /// StartDateTime.
    pub started_at: Option<DateTime<Utc>>,
    /// EndDateTime.
    pub ended_at: Option<DateTime<Utc>>,
    /// FailureDetails, as far as EMR filled them in.
    pub failure: Option<Failure>,
}

/// Lists a cluster's instance groups. [`super::Kind::Invalid`] if it has instance fleets.
#[derive(Debug, Clone)]
pub struct ListInstanceGroups {
    /// The cluster's id, `j-…`.
    pub id: String,
}
call! { ListInstanceGroups, "elasticmapreduce:ListInstanceGroups", reads, Vec<InstanceGroup>, id }

/// An instance group of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceGroup {
    /// `ig-…`.
    pub id: String,
    /// InstanceGroupType.
    pub role: Role,
    /// InstanceType.
    pub instance_type: String,
    /// Market.
    pub market: Market,
    /// RequestedInstanceCount.
    pub requested: u16,
    /// RunningInstanceCount.
    pub running: u16,
}

/// Lists a cluster's instances: present ones, and those that ended less than 30 days ago.
#[derive(Debug, Clone)]
pub struct ListInstances {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call! { ListInstances, "elasticmapreduce:ListInstances", reads, Page<Instance>, id }

/// An instance of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The id of its instance group or fleet.
    pub group: String,
    /// InstanceType; empty if EMR does not show it.
    pub instance_type: String,
    /// Market.
    pub market: Market,
    /// Ec2InstanceId, `i-…`; `None` until EC2 has launched a machine for it.
    pub machine: Option<String>,
    /// CreationDateTime.
    pub created_at: Option<DateTime<Utc>>,
    /// EndDateTime; `None` while it is present.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Adds steps. Returns their ids, in order.
#[derive(Debug, Clone)]
pub struct AddJobFlowSteps {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// Steps, in order.
    pub steps: Vec<NewStep>,
}
call!(AddJobFlowSteps, "elasticmapreduce:AddJobFlowSteps", changes once, Vec<String>, id);

/// Requests the end of up to ten clusters. Succeeds for those that have ended.
#[derive(Debug, Clone)]
pub struct TerminateJobFlows {
    /// The clusters' ids, `j-…`.
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
    /// The clusters' ids, `j-…`.
    pub ids: Vec<String>,
    /// TerminationProtected.
    pub protected: bool,
}
call! { SetTerminationProtection, "elasticmapreduce:SetTerminationProtection", changes, (), ids }

/// Sets whether clusters wait for more steps after their last one.
#[derive(Debug, Clone)]
pub struct SetKeepAlive {
    /// The clusters' ids, `j-…`.
    pub ids: Vec<String>,
    /// KeepJobFlowAliveWhenNoSteps.
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
    /// The cluster's id, `j-…`.
    pub cluster: String,
    /// Pairs of group id and count.
    pub counts: Vec<(String, u16)>,
}
call! { ModifyInstanceGroups, "elasticmapreduce:ModifyInstanceGroups", changes, (), cluster }

/// Sets how many steps run at the same time.
#[derive(Debug, Clone)]
pub struct ModifyCluster {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// StepConcurrencyLevel.
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
    /// The cluster's id, `j-…`.
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
    /// The cluster's id, `j-…`.
    pub id: String,
    /// IdleTimeout: from 60 seconds to 7 days.
    pub idle_timeout: Span,
}
call!(
    PutAutoTerminationPolicy,
    "elasticmapreduce:PutAutoTerminationPolicy",
    changes,
    (),
    id
);

/// Removes a cluster's auto-termination policy. Succeeds if it has none.
#[derive(Debug, Clone)]
pub struct RemoveAutoTerminationPolicy {
    /// The cluster's id, `j-…`.
    pub id: String,
}
call!(
    RemoveAutoTerminationPolicy,
    "elasticmapreduce:RemoveAutoTerminationPolicy",
    changes,
    (),
    id
);

/// Adds or overwrites tags.
#[derive(Debug, Clone)]
pub struct AddTags {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// Tags to add or overwrite.
    pub tags: Tags,
}
call!(AddTags, "elasticmapreduce:AddTags", changes, (), id, tags);

/// Removes tags. Missing keys are not an error.
#[derive(Debug, Clone)]
pub struct RemoveTags {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// TagKeys to remove.
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

/// Reads whether EMR refuses security groups that are open to the world, in this account.
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
    /// BlockPublicSecurityGroupRules.
    pub blocks: bool,
    /// Ports that may be open nevertheless, from and to; 22 in a new account.
    pub open: Vec<(u16, u16)>,
}

/// Lists release labels with a prefix such as `emr-7.`.
#[derive(Debug, Clone)]
pub struct ListReleaseLabels {
    /// The prefix that labels must have.
    pub prefix: String,
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call!(
    ListReleaseLabels,
    "elasticmapreduce:ListReleaseLabels",
    reads,
    Page<String>,
    prefix
);
