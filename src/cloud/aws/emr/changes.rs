//! Changes clusters.

use super::launch::policy;
use crate::cloud::api::emr::{
    AddTags, ModifyCluster, ModifyInstanceGroups, PutAutoTerminationPolicy,
    RemoveAutoTerminationPolicy, RemoveTags, SetKeepAlive, SetTerminationProtection,
    TerminateJobFlows,
};
use crate::cloud::api::{ApiError, Serve, Tags};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::from_sdk;
use crate::cloud::aws::serve_empty::serve_empty;
use aws_sdk_emr::types::{InstanceGroupModifyConfig, Tag};

serve_empty!(TerminateJobFlows, |sdk, call| sdk
    .emr
    .terminate_job_flows()
    .set_job_flow_ids(Some(call.ids)));

serve_empty!(SetTerminationProtection, |sdk, call| sdk
    .emr
    .set_termination_protection()
    .set_job_flow_ids(Some(call.ids))
    .termination_protected(call.protected));

serve_empty!(SetKeepAlive, |sdk, call| sdk
    .emr
    .set_keep_job_flow_alive_when_no_steps()
    .set_job_flow_ids(Some(call.ids))
    .keep_job_flow_alive_when_no_steps(call.keep));

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

serve_empty!(ModifyCluster, |sdk, call| sdk
    .emr
    .modify_cluster()
    .cluster_id(call.id)
    .step_concurrency_level(i32::from(call.step_concurrency)));

serve_empty!(PutAutoTerminationPolicy, |sdk, call| sdk
    .emr
    .put_auto_termination_policy()
    .cluster_id(call.id)
    .auto_termination_policy(policy(call.idle_timeout)));

serve_empty!(RemoveAutoTerminationPolicy, |sdk, call| sdk
    .emr
    .remove_auto_termination_policy()
    .cluster_id(call.id));

serve_empty!(AddTags, |sdk, call| sdk
    .emr
    .add_tags()
    .resource_id(call.id)
    .set_tags(Some(their_tags(call.tags))));

serve_empty!(RemoveTags, |sdk, call| sdk
    .emr
    .remove_tags()
    .resource_id(call.id)
    .set_tag_keys(Some(call.keys)));

pub(super) fn their_tags(ours: Tags) -> Vec<Tag> {
    let theirs = |(key, value)| Tag::builder().key(key).value(value).build();
    ours.into_iter().map(theirs).collect()
}
