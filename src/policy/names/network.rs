//! The names of the cluster's network, as far as the stack's file has it.

use super::tree::leaf;
use super::{Datum, Name, Shape, read};
use crate::model::name::SecurityGroupId;
use crate::model::network::{ManagedGroups, SubnetChoice};
use crate::policy::subject::Subject;
use Shape::{List, Map, Text};

pub(super) const NETWORK: &[Name] = &[
    leaf(
        "subnet",
        Text,
        "The id of the one subnet; empty if the stack names none or several, or names it by its tags.",
        |s| {
            Some(read::or_none(match subnet(s) {
                Some(SubnetChoice::Id(id)) => Some(id),
                Some(SubnetChoice::Tags(_) | SubnetChoice::AnyOf(_)) | None => None,
            }))
        },
    ),
    leaf(
        "subnets",
        List(&Text),
        "The ids of the subnets; empty if the stack names none, or names one by its tags.",
        |s| {
            Some(match subnet(s) {
                Some(SubnetChoice::Id(id)) => read::list([id]),
                Some(SubnetChoice::AnyOf(ids)) => read::list(ids),
                Some(SubnetChoice::Tags(_)) | None => read::list([""; 0]),
            })
        },
    ),
    leaf(
        "subnet_tags",
        Map(&Text),
        "The tags of the subnet, if the stack names it by them.",
        |s| match subnet(s) {
            Some(SubnetChoice::Tags(tags)) => Some(read::map(tags)),
            Some(SubnetChoice::Id(_) | SubnetChoice::AnyOf(_)) | None => {
                Some(read::map(&Default::default()))
            }
        },
    ),
    leaf(
        "core_security_groups",
        List(&Text),
        "The ids of the groups that core and task nodes get besides.",
        |s| Some(read::list(&s.stack.cluster.network.core_security_groups)),
    ),
    leaf(
        "zone",
        Text,
        "The availability zone; empty if the stack names none.",
        |s| Some(read::or_none(s.stack.cluster.network.zone.as_ref())),
    ),
    leaf(
        "access",
        Text,
        "How people log in to the nodes: `ssh`, `ssm` or `none`.",
        |s| Some(read::text(s.stack.cluster.network.access.as_str())),
    ),
    leaf(
        "primary_group",
        Text,
        "The id of the primary node's group whose rules EMR manages; empty for EMR's own.",
        |s| Some(group(s, |groups| Some(&groups.primary))),
    ),
    leaf(
        "core_group",
        Text,
        "The id of the group of core and task nodes whose rules EMR manages; empty for EMR's own.",
        |s| Some(group(s, |groups| Some(&groups.core))),
    ),
    leaf(
        "service_access_group",
        Text,
        "The id of the group for service access, which only a private subnet has; empty if the \
         stack names none.",
        |s| Some(group(s, |groups| groups.service_access.as_ref())),
    ),
];

fn subnet<'a>(subject: &Subject<'a>) -> Option<&'a SubnetChoice> {
    subject.stack.cluster.network.subnet.as_ref()
}

fn group(subject: &Subject<'_>, of: impl Fn(&ManagedGroups) -> Option<&SecurityGroupId>) -> Datum {
    let groups = subject.stack.cluster.network.managed_groups.as_ref();
    read::or_none(groups.and_then(of))
}
