//! Creates clusters and steps.

use super::changes::their_tags;
use super::{MARKETS, ROLES, configurations, fleets, network, root_volume, settings, theirs};
use crate::cloud::api::emr::{
    AddJobFlowSteps, BootstrapAction, ClusterRef, NewGroup, NewStep, OnFailure, RunJobFlow,
};
use crate::cloud::api::{ApiError, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete};
use crate::model::span::Span;
use crate::model::stack::Ebs;
use aws_sdk_emr::types::{
    ActionOnFailure, Application, AutoTerminationPolicy, BootstrapActionConfig,
    EbsBlockDeviceConfig, EbsConfiguration, HadoopJarStepConfig, InstanceGroupConfig,
    InstanceRoleType, JobFlowInstancesConfig, MarketType, ScaleDownBehavior,
    ScriptBootstrapActionConfig, StepConfig, VolumeSpecification,
};

impl Serve<RunJobFlow> for Sdk {
    async fn serve(&self, call: RunJobFlow) -> Result<ClusterRef, ApiError> {
        let has_fleets = !call.fleets.is_empty();
        let instances = JobFlowInstancesConfig::builder();
        let instances = network::asked(instances, call.network, has_fleets)
            .set_instance_groups(some(call.groups.into_iter().map(group).collect()))
            .set_instance_fleets(some(call.fleets.into_iter().map(fleets::fleet).collect()))
            .set_ec2_key_name(call.key_pair)
            .keep_job_flow_alive_when_no_steps(call.keep_alive)
            .termination_protected(call.protected)
            .build();
        let named = |name| Application::builder().name(name).build();
        let request = settings::asked(self.emr.run_job_flow(), call.settings);
        let reply = root_volume::asked(request, call.root_volume)
            .name(call.name)
            .release_label(call.release)
            .set_applications(some(call.applications.into_iter().map(named).collect()))
            .log_uri(call.log_uri)
            .service_role(call.service_role)
            .job_flow_role(call.instance_profile)
            .instances(instances)
            .set_auto_termination_policy(call.idle_timeout.map(policy))
            .set_managed_scaling_policy(call.scaling.map(fleets::policy))
            .scale_down_behavior(ScaleDownBehavior::TerminateAtTaskCompletion)
            .step_concurrency_level(i32::from(call.step_concurrency))
            .set_configurations(some(configurations::asked(&call.configurations)))
            .set_bootstrap_actions(some(call.bootstrap.into_iter().map(bootstrap).collect()))
            .set_steps(some(call.steps.into_iter().map(step).collect()))
            .set_tags(some(their_tags(call.tags)))
            .send()
            .await
            .map_err(from_sdk::<RunJobFlow, _>)?;
        let id = reply.job_flow_id.map(ClusterRef);
        id.ok_or_else(|| incomplete::<RunJobFlow>("the cluster's id"))
    }
}

impl Serve<AddJobFlowSteps> for Sdk {
    async fn serve(&self, call: AddJobFlowSteps) -> Result<Vec<String>, ApiError> {
        let reply = self
            .emr
            .add_job_flow_steps()
            .job_flow_id(call.id)
            .set_steps(Some(call.steps.into_iter().map(step).collect()))
            .send()
            .await
            .map_err(from_sdk::<AddJobFlowSteps, _>)?;
        let ids = reply.step_ids;
        ids.ok_or_else(|| incomplete::<AddJobFlowSteps>("the steps' ids"))
    }
}

/// Leaves out an empty list.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

pub(super) fn policy(idle_timeout: Span) -> AutoTerminationPolicy {
    let seconds = i64::try_from(idle_timeout.as_secs()).unwrap_or(i64::MAX);
    AutoTerminationPolicy::builder()
        .idle_timeout(seconds)
        .build()
}

fn group(group: NewGroup) -> InstanceGroupConfig {
    InstanceGroupConfig::builder()
        .instance_role(InstanceRoleType::from(theirs(&ROLES, group.role)))
        .instance_type(group.instance_type)
        .instance_count(i32::from(group.count))
        .market(MarketType::from(theirs(&MARKETS, group.market)))
        .set_bid_price(group.bid.map(|bid| bid.amount().to_string()))
        .set_ebs_configuration(group.ebs.as_ref().map(volumes))
        .build()
}

pub(super) fn volumes(ebs: &Ebs) -> EbsConfiguration {
    let gib = i32::try_from(ebs.size.mib().div_ceil(1024)).unwrap_or(i32::MAX);
    let volume = VolumeSpecification::builder()
        .volume_type(ebs.kind.as_str())
        .size_in_gb(gib)
        .set_iops(ebs.iops.map(i32::from))
        .set_throughput(ebs.throughput.map(i32::from))
        .build();
    let each = EbsBlockDeviceConfig::builder()
        .volume_specification(volume)
        .volumes_per_instance(i32::from(ebs.volumes))
        .build();
    EbsConfiguration::builder()
        .ebs_block_device_configs(each)
        .build()
}

fn bootstrap(action: BootstrapAction) -> BootstrapActionConfig {
    let script = ScriptBootstrapActionConfig::builder()
        .path(action.script)
        .set_args(some(action.args))
        .build();
    BootstrapActionConfig::builder()
        .name(action.name)
        .script_bootstrap_action(script)
        .build()
}

fn step(step: NewStep) -> StepConfig {
    let jar = HadoopJarStepConfig::builder()
        .jar(step.command.jar)
        .set_args(Some(step.command.words))
        .build();
    StepConfig::builder()
        .name(step.name)
        .action_on_failure(match step.on_failure {
            OnFailure::TerminateCluster => ActionOnFailure::TerminateCluster,
            OnFailure::CancelAndWait => ActionOnFailure::CancelAndWait,
            OnFailure::Continue => ActionOnFailure::Continue,
        })
        .hadoop_jar_step(jar)
        .build()
}
