//! AWS Resource Groups Tagging API: the tags of many resources in one call.

use super::{Tags, call, service};

service! { GetResources }

/// The most resources of one call (Resource Groups Tagging API, GetResources, ResourceARNList).
pub const MAX_RESOURCES: usize = 100;

/// Reads the tags of resources. A resource without tags, or that never had one, is left out of the
/// reply (Resource Groups Tagging API, GetResources).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetResources {
    /// ResourceARNList: up to [`MAX_RESOURCES`].
    pub arns: Vec<String>,
}
call!(GetResources, "tag:GetResources", reads, Vec<Tagged>);

/// A resource and its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// ResourceARN.
    pub arn: String,
    /// Tags.
    pub tags: Tags,
}
