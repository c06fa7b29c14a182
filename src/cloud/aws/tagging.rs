//! AWS Resource Groups Tagging API through the SDK.

use super::Sdk;
use super::error::{from_sdk, incomplete};
use crate::cloud::api::tagging::{GetResources, Tagged};
use crate::cloud::api::{ApiError, Serve, Tags};
use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, Tag};

impl Serve<GetResources> for Sdk {
    async fn serve(&self, call: GetResources) -> Result<Vec<Tagged>, ApiError> {
        let request = self.tagging.get_resources();
        let request = request.set_resource_arn_list(Some(call.arns));
        let reply = request.send().await.map_err(from_sdk::<GetResources, _>)?;
        let missing = || incomplete::<GetResources>("a resource's ARN");
        let convert = |theirs| tagged(theirs).ok_or_else(missing);
        let resources = reply.resource_tag_mapping_list.into_iter().flatten();
        resources.map(convert).collect()
    }
}

fn tagged(theirs: ResourceTagMapping) -> Option<Tagged> {
    let tag = |tag: Tag| (tag.key, tag.value);
    let tags: Tags = theirs.tags.into_iter().flatten().map(tag).collect();
    Some(Tagged {
        arn: theirs.resource_arn?,
        tags,
    })
}
