//! Reads clusters and steps.

use super::{MARKETS, ROLES, configurations, network, ours, root_volume, settings, theirs};
use crate::cloud::api::emr::{
    BlockPublicAccess, Cluster, DescribeCluster, ErrorDetail, Failure, GetAutoTerminationPolicy,
    GetBlockPublicAccess, Instance, InstanceGroup, ListClusters, ListInstanceGroups, ListInstances,
    ListReleaseLabels, ListSteps, Role, Step, Summary,
};
use crate::cloud::api::{ApiError, Page, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete};
use crate::cloud::aws::translate::{count, tags, their_time, time};
use crate::model::observed::{ClusterState, StepState};
use crate::model::span::Span;
use crate::model::stack::Market;
use aws_sdk_emr::types::{
    self, ClusterStatus, ClusterSummary, ReleaseLabelFilter, StepStatus, StepSummary,
};

const CLUSTER_STATES: [(ClusterState, &str); 7] = [
    (ClusterState::Starting, "STARTING"),
    (ClusterState::Bootstrapping, "BOOTSTRAPPING"),
    (ClusterState::Running, "RUNNING"),
    (ClusterState::Waiting, "WAITING"),
    (ClusterState::Terminating, "TERMINATING"),
    (ClusterState::Terminated, "TERMINATED"),
    (ClusterState::TerminatedWithErrors, "TERMINATED_WITH_ERRORS"),
];

const STEP_STATES: [(StepState, &str); 6] = [
    (StepState::Pending, "PENDING"),
    (StepState::Running, "RUNNING"),
    (StepState::Completed, "COMPLETED"),
    (StepState::Cancelled, "CANCELLED"),
    (StepState::Failed, "FAILED"),
    (StepState::Interrupted, "INTERRUPTED"),
];

/// Unknown states are reported as running: live and not idle.
fn cluster_state(status: &ClusterStatus) -> ClusterState {
    let word = status.state().map(types::ClusterState::as_str);
    ours(&CLUSTER_STATES, word, ClusterState::Running)
}

fn step_state(status: &StepStatus) -> StepState {
    let word = status.state().map(types::StepState::as_str);
    ours(&STEP_STATES, word, StepState::Running)
}

impl Serve<DescribeCluster> for Sdk {
    async fn serve(&self, call: DescribeCluster) -> Result<Cluster, ApiError> {
        let reply = self.emr.describe_cluster().cluster_id(call.id).send().await;
        let reply = reply.map_err(from_sdk::<DescribeCluster, _>)?;
        let cluster = reply.cluster.and_then(cluster);
        cluster.ok_or_else(|| incomplete::<DescribeCluster>("the cluster's id, state or time"))
    }
}

fn cluster(theirs: types::Cluster) -> Option<Cluster> {
    let status = theirs.status()?;
    let reason = status.state_change_reason();
    let timeline = status.timeline()?;
    let machines = theirs.ec2_instance_attributes();
    Some(Cluster {
        id: theirs.id()?.to_owned(),
        name: theirs.name().unwrap_or_default().to_owned(),
        state: cluster_state(status),
        reason: reason
            .and_then(|reason| reason.code())
            .map(|code| code.as_str().to_owned()),
        message: reason
            .and_then(|reason| reason.message())
            .map(str::to_owned),
        details: status.error_details().iter().map(detail).collect(),
        created_at: timeline.creation_date_time().and_then(time)?,
        ready_at: timeline.ready_date_time().and_then(time),
        ended_at: timeline.end_date_time().and_then(time),
        release: theirs.release_label().unwrap_or_default().to_owned(),
        applications: (theirs.applications().iter())
            .map(|application| application.name().unwrap_or_default().to_owned())
            .collect(),
        configurations: configurations::shown(theirs.configurations()),
        keep_alive: !theirs.auto_terminate().unwrap_or_default(),
        protected: theirs.termination_protected().unwrap_or_default(),
        step_concurrency: count(theirs.step_concurrency_level()).max(1),
        settings: settings::shown(&theirs),
        root_volume: root_volume::shown(&theirs),
        key_pair: machines
            .and_then(|machines| machines.ec2_key_name())
            .map(str::to_owned),
        network: network::shown(machines),
        has_fleets: theirs.instance_collection_type()
            == Some(&types::InstanceCollectionType::InstanceFleet),
        primary_dns: theirs.master_public_dns_name().map(str::to_owned),
        log_uri: theirs.log_uri().map(str::to_owned),
        tags: tags(theirs.tags(), |tag| (tag.key(), tag.value())),
    })
}

fn detail(theirs: &types::ErrorDetail) -> ErrorDetail {
    ErrorDetail {
        code: theirs.error_code().unwrap_or_default().to_owned(),
        message: theirs.error_message().unwrap_or_default().to_owned(),
    }
}

impl Serve<ListClusters> for Sdk {
    async fn serve(&self, call: ListClusters) -> Result<Page<Summary>, ApiError> {
        let word = |state| types::ClusterState::from(theirs(&CLUSTER_STATES, state));
        let states: Vec<_> = call.states.into_iter().map(word).collect();
        let reply = self
            .emr
            .list_clusters()
            .set_cluster_states(Some(states).filter(|states| !states.is_empty()))
            .set_created_after(call.created_after.map(their_time))
            .set_marker(call.next)
            .send()
            .await
            .map_err(from_sdk::<ListClusters, _>)?;
        let missing = || incomplete::<ListClusters>("a cluster's id, state or time");
        let convert = |theirs| summary(theirs).ok_or_else(missing);
        let clusters = reply.clusters.into_iter().flatten();
        Ok(Page {
            items: clusters.map(convert).collect::<Result<_, _>>()?,
            next: reply.marker,
        })
    }
}

fn summary(theirs: ClusterSummary) -> Option<Summary> {
    let status = theirs.status?;
    let timeline = status.timeline()?;
    Some(Summary {
        id: theirs.id?,
        arn: theirs.cluster_arn.unwrap_or_default(),
        name: theirs.name.unwrap_or_default(),
        state: cluster_state(&status),
        created_at: timeline.creation_date_time().and_then(time)?,
        ready_at: timeline.ready_date_time().and_then(time),
    })
}

impl Serve<ListSteps> for Sdk {
    async fn serve(&self, call: ListSteps) -> Result<Page<Step>, ApiError> {
        let reply = self
            .emr
            .list_steps()
            .cluster_id(call.id)
            .set_marker(call.next)
            .send()
            .await
            .map_err(from_sdk::<ListSteps, _>)?;
        let missing = || incomplete::<ListSteps>("a step's id or state");
        let convert = |theirs| step(theirs).ok_or_else(missing);
        let steps = reply.steps.into_iter().flatten();
        Ok(Page {
            items: steps.map(convert).collect::<Result<_, _>>()?,
            next: reply.marker,
        })
    }
}

fn step(theirs: StepSummary) -> Option<Step> {
    let status = theirs.status?;
    let timeline = status.timeline();
    let failure = status.failure_details();
    Some(Step {
        id: theirs.id?,
        name: theirs.name.unwrap_or_default(),
        state: step_state(&status),
        created_at: timeline.and_then(|line| time(line.creation_date_time()?)),
        started_at: timeline.and_then(|line| time(line.start_date_time()?)),
        ended_at: timeline.and_then(|line| time(line.end_date_time()?)),
        failure: failure.map(|failure| Failure {
            reason: failure.reason().map(str::to_owned),
            message: failure.message().map(str::to_owned),
            log_file: failure.log_file().map(str::to_owned),
        }),
    })
}

impl Serve<ListInstanceGroups> for Sdk {
    async fn serve(&self, call: ListInstanceGroups) -> Result<Vec<InstanceGroup>, ApiError> {
        let groups: Vec<_> = self
            .emr
            .list_instance_groups()
            .cluster_id(call.id)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .map_err(from_sdk::<ListInstanceGroups, _>)?;
        let missing = || incomplete::<ListInstanceGroups>("a group's id");
        let convert = |theirs| group(theirs).ok_or_else(missing);
        groups.into_iter().map(convert).collect()
    }
}

fn group(theirs: types::InstanceGroup) -> Option<InstanceGroup> {
    let role = theirs
        .instance_group_type
        .as_ref()
        .map(|role| role.as_str());
    let market = theirs.market.as_ref().map(|market| market.as_str());
    Some(InstanceGroup {
        role: ours(&ROLES, role, Role::Task),
        market: ours(&MARKETS, market, Market::OnDemand),
        requested: count(theirs.requested_instance_count),
        running: count(theirs.running_instance_count),
        id: theirs.id?,
        instance_type: theirs.instance_type.unwrap_or_default(),
    })
}

impl Serve<ListInstances> for Sdk {
    async fn serve(&self, call: ListInstances) -> Result<Page<Instance>, ApiError> {
        let request = self.emr.list_instances().cluster_id(call.id);
        let reply = request.set_marker(call.next).send().await;
        let reply = reply.map_err(from_sdk::<ListInstances, _>)?;
        let instances = reply.instances.unwrap_or_default().into_iter();
        Ok(Page {
            items: instances.map(instance).collect(),
            next: reply.marker.filter(|marker| !marker.is_empty()),
        })
    }
}

fn instance(theirs: types::Instance) -> Instance {
    let timeline = theirs.status.and_then(|status| status.timeline);
    let machine = theirs.ec2_instance_id.filter(|id| !id.is_empty());
    let timeline = timeline.as_ref();
    let group = theirs.instance_group_id.or(theirs.instance_fleet_id);
    let market = theirs.market.as_ref().map(|market| market.as_str());
    Instance {
        group: group.unwrap_or_default(),
        instance_type: theirs.instance_type.unwrap_or_default(),
        market: ours(&MARKETS, market, Market::OnDemand),
        machine,
        created_at: timeline.and_then(|it| time(it.creation_date_time.as_ref()?)),
        ended_at: timeline.and_then(|it| time(it.end_date_time.as_ref()?)),
    }
}

impl Serve<GetAutoTerminationPolicy> for Sdk {
    async fn serve(&self, call: GetAutoTerminationPolicy) -> Result<Option<Span>, ApiError> {
        let reply = self
            .emr
            .get_auto_termination_policy()
            .cluster_id(call.id)
            .send()
            .await
            .map_err(from_sdk::<GetAutoTerminationPolicy, _>)?;
        let seconds = reply
            .auto_termination_policy
            .and_then(|policy| policy.idle_timeout);
        Ok(seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Span::from_secs))
    }
}

impl Serve<GetBlockPublicAccess> for Sdk {
    async fn serve(&self, _: GetBlockPublicAccess) -> Result<BlockPublicAccess, ApiError> {
        let reply = self.emr.get_block_public_access_configuration().send();
        let reply = reply.await.map_err(from_sdk::<GetBlockPublicAccess, _>)?;
        let setting = reply.block_public_access_configuration;
        let setting = setting.ok_or_else(|| incomplete::<GetBlockPublicAccess>("the setting"))?;
        let port = |port: Option<i32>| u16::try_from(port?).ok();
        let ranges = setting.permitted_public_security_group_rule_ranges;
        let open = ranges.into_iter().flatten().filter_map(|range| {
            let from = port(range.min_range)?;
            Some((from, port(range.max_range).unwrap_or(from)))
        });
        Ok(BlockPublicAccess {
            blocks: setting.block_public_security_group_rules.unwrap_or(true),
            open: open.collect(),
        })
    }
}

impl Serve<ListReleaseLabels> for Sdk {
    async fn serve(&self, call: ListReleaseLabels) -> Result<Page<String>, ApiError> {
        let filter = ReleaseLabelFilter::builder().prefix(call.prefix).build();
        let reply = self
            .emr
            .list_release_labels()
            .filters(filter)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(from_sdk::<ListReleaseLabels, _>)?;
        Ok(Page {
            items: reply.release_labels.unwrap_or_default(),
            next: reply.next_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_state_is_running() {
        for (word, expected) in [
            ("WAITING", ClusterState::Waiting),
            ("TERMINATED_WITH_ERRORS", ClusterState::TerminatedWithErrors),
            ("HIBERNATING", ClusterState::Running),
        ] {
            let status = ClusterStatus::builder().state(types::ClusterState::from(word));
            assert_eq!(cluster_state(&status.build()), expected, "{word}");
        }
        for (word, expected) in [
            ("PENDING", StepState::Pending),
            ("CANCEL_PENDING", StepState::Running),
            ("INTERRUPTED", StepState::Interrupted),
        ] {
            let status = StepStatus::builder().state(types::StepState::from(word));
            assert_eq!(step_state(&status.build()), expected, "{word}");
        }
    }
}
