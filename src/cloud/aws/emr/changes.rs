//! Changes clusters.

use super::launch::policy;
use crate::cloud::api::emr::{
    AddTags, ModifyCluster, ModifyInstanceGroups, PutAutoTerminationPolicy, RemoveTags,
    SetKeepAlive, SetTerminationProtection, TerminateJobFlows,
};
use crate::cloud::api::{ApiError, Serve, Tags};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::from_sdk;
use aws_sdk_emr::types::{InstanceGroupModifyConfig, Tag};

impl Serve<TerminateJobFlows> for Sdk {
    async fn serve(&self, call: TerminateJobFlows) -> Result<(), ApiError> {
        self.emr
            .terminate_job_flows()
            .set_job_flow_ids(Some(call.ids))
            .send()
            .await
            .map_err(from_sdk::<TerminateJobFlows, _>)?;
        Ok(())
    }
}

impl Serve<SetTerminationProtection> for Sdk {
    async fn serve(&self, call: SetTerminationProtection) -> Result<(), ApiError> {
        self.emr
            .set_termination_protection()
            .set_job_flow_ids(Some(call.ids))
            .termination_protected(call.protected)
            .send()
            .await
            .map_err(from_sdk::<SetTerminationProtection, _>)?;
        Ok(())
    }
}

impl Serve<SetKeepAlive> for Sdk {
    async fn serve(&self, call: SetKeepAlive) -> Result<(), ApiError> {
        self.emr
            .set_keep_job_flow_alive_when_no_steps()
            .set_job_flow_ids(Some(call.ids))
            .keep_job_flow_alive_when_no_steps(call.keep)
            .send()
            .await
            .map_err(from_sdk::<SetKeepAlive, _>)?;
        Ok(())
    }
}

impl Serve<ModifyInstanceGroups> for Sdk {
    async fn serve(&self, call: ModifyInstanceGroups) -> Result<(), ApiError> {
        let count = |(group, count)| {
            InstanceGroupModifyConfig::builder()
                .instance_group_id(group)
                .instance_count(i32::from(count))
                .build()
        };
        self.emr
            .modify_instance_groups()
            // Optional for EMR, but needed by IAM policies that check the cluster's tags.
            .cluster_id(call.cluster)
            .set_instance_groups(Some(call.counts.into_iter().map(count).collect()))
            .send()
            .await
            .map_err(from_sdk::<ModifyInstanceGroups, _>)?;
        Ok(())
    }
}

impl Serve<ModifyCluster> for Sdk {
    async fn serve(&self, call: ModifyCluster) -> Result<(), ApiError> {
        self.emr
            .modify_cluster()
            .cluster_id(call.id)
            .step_concurrency_level(i32::from(call.step_concurrency))
            .send()
            .await
            .map_err(from_sdk::<ModifyCluster, _>)?;
        Ok(())
    }
}

impl Serve<PutAutoTerminationPolicy> for Sdk {
    async fn serve(&self, call: PutAutoTerminationPolicy) -> Result<(), ApiError> {
        self.emr
            .put_auto_termination_policy()
            .cluster_id(call.id)
            .auto_termination_policy(policy(call.idle_timeout))
            .send()
            .await
            .map_err(from_sdk::<PutAutoTerminationPolicy, _>)?;
        Ok(())
    }
}

impl Serve<AddTags> for Sdk {
    async fn serve(&self, call: AddTags) -> Result<(), ApiError> {
        self.emr
            .add_tags()
            .resource_id(call.id)
            .set_tags(Some(their_tags(call.tags)))
            .send()
            .await
            .map_err(from_sdk::<AddTags, _>)?;
        Ok(())
    }
}

impl Serve<RemoveTags> for Sdk {
    async fn serve(&self, call: RemoveTags) -> Result<(), ApiError> {
        self.emr
            .remove_tags()
            .resource_id(call.id)
            .set_tag_keys(Some(call.keys))
            .send()
            .await
            .map_err(from_sdk::<RemoveTags, _>)?;
        Ok(())
    }
}

pub(super) fn their_tags(ours: Tags) -> Vec<Tag> {
    let theirs = |(key, value)| Tag::builder().key(key).value(value).build();
    ours.into_iter().map(theirs).collect()
}
