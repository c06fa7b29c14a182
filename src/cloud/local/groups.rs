//! Security groups, which are only recorded, since this machine opens no ports for them. The plan
//! is then the same as on AWS.

use super::layout::{Layout, names};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::files::{gone, write_whole};
use crate::disk;
use crate::model::name::{GroupName, StackName};
use crate::model::stack::SecurityGroup;
use std::fs;

pub(super) fn observe(
    layout: &Layout,
    stack: &StackName,
) -> Result<Vec<SecurityGroup>, CloudError> {
    let mut groups = Vec::new();
    for name in names(&layout.groups(stack))? {
        let path = layout.groups(stack).join(name);
        let text =
            disk::bytes(&path, disk::RECORD).during(|| format!("read {}", path.display()))?;
        let group = serde_json::from_slice(&text).map_err(|error| {
            let message = format!(
                "{} is not a security group that clusterup wrote",
                path.display()
            );
            CloudError::new(Class::Failed, message).caused_by(error)
        })?;
        groups.push(group);
    }
    Ok(groups)
}

pub(super) fn put(
    layout: &Layout,
    stack: &StackName,
    group: &SecurityGroup,
) -> Result<(), CloudError> {
    let path = layout.group(stack, &group.name);
    let text = serde_json::to_vec_pretty(group).map_err(|error| {
        CloudError::new(Class::Failed, format!("cannot write {}", path.display())).caused_by(error)
    })?;
    write_whole(&path, &text).during(|| format!("write {}", path.display()))
}

pub(super) fn delete(
    layout: &Layout,
    stack: &StackName,
    name: &GroupName,
) -> Result<(), CloudError> {
    let path = layout.group(stack, name);
    gone(fs::remove_file(&path)).during(|| format!("remove {}", path.display()))
}
