//! The names of how a cluster's machines start.

use super::tree::{group, leaf, part};
use super::{Datum, Name, Shape, read};
use crate::model::bootstrap::Bootstrap;
use crate::model::stack::{Ebs, InstanceGroup};
use Shape::{Bool, Int, List, Text};

pub(super) const LOGS: Name = leaf(
    "logs",
    Text,
    "The folder in S3 for logs; empty for the one in clusterup's bucket.",
    |s| Some(read::or_none(read::emr(s).logs.as_ref())),
);

pub(super) const ROLES: Name = group(
    "roles",
    "The roles that the stack names.",
    &[
        leaf(
            "service",
            Text,
            "EMR's own role, by its name or ARN; empty for the default one.",
            |s| Some(read::or_none(read::emr(s).service_role.as_ref())),
        ),
        leaf(
            "instance_profile",
            Text,
            "The machines' instance profile, by its name or ARN; empty for the default one.",
            |s| Some(read::or_none(read::emr(s).instance_profile.as_ref())),
        ),
        leaf(
            "scaling",
            Text,
            "The role of automatic scaling, by its name or ARN; empty if none.",
            |s| Some(read::or_none(read::emr(s).scaling_role.as_ref())),
        ),
    ],
);

pub(super) const IMAGE: Name = leaf(
    "image",
    Text,
    "The id of the machines' image; empty for EMR's own.",
    |s| Some(read::or_none(read::emr(s).image.as_ref())),
);

pub(super) const ROOT_VOLUME_GIB: Name = leaf(
    "root_volume_gib",
    Int,
    "GiB of the root volume of each node; 0 for EMR's own.",
    |s| {
        let gib = s.stack.cluster.root_volume.map_or(0, |volume| volume.gib());
        Some(Datum::Int(i64::try_from(gib).unwrap_or(i64::MAX)))
    },
);

pub(super) const ROOT_VOLUME_IOPS: Name = leaf(
    "root_volume_iops",
    Int,
    "The operations per second of the root volume; 0 for EMR's own.",
    |s| {
        Some(of_root(
            s.stack.cluster.root_volume.and_then(|volume| volume.iops),
        ))
    },
);

pub(super) const ROOT_VOLUME_THROUGHPUT: Name = leaf(
    "root_volume_throughput",
    Int,
    "The throughput of the root volume in MiB/s; 0 for EMR's own.",
    |s| {
        Some(of_root(
            s.stack
                .cluster
                .root_volume
                .and_then(|volume| volume.throughput),
        ))
    },
);

fn of_root(chosen: Option<u16>) -> Datum {
    Datum::Int(chosen.map_or(0, i64::from))
}

pub(super) const BOOTSTRAP: Name = leaf(
    "bootstrap",
    List(&Shape::Group(ACTION)),
    "The bootstrap actions, in order.",
    |s| {
        Some(Datum::List(
            s.stack.cluster.bootstrap.iter().map(action).collect(),
        ))
    },
);

const ACTION: &[Name] = &[
    part("name", Text, "The action's name."),
    part("script", Text, "The script's path or address."),
    part("args", List(&Text), "Its arguments."),
];

pub(super) const STEP_CONCURRENCY: Name = leaf(
    "step_concurrency",
    Int,
    "How many steps run at the same time.",
    |s| {
        let steps = s.stack.cluster.step_concurrency.unwrap_or(1);
        Some(Datum::Int(i64::from(steps)))
    },
);

pub(super) const TERMINATION_PROTECTION: Name = leaf(
    "termination_protection",
    Bool,
    "Whether people have to lift EMR's termination protection first.",
    |s| Some(Datum::Bool(s.stack.cluster.termination_protection)),
);

fn action(action: &Bootstrap) -> Datum {
    read::record([
        ("name", read::text(&action.name)),
        ("script", read::text(&action.script)),
        ("args", read::list(&action.args)),
    ])
}

pub(super) fn volume_type(group: Option<&InstanceGroup>) -> Datum {
    let ebs = group.and_then(|group| group.ebs.as_ref());
    read::or_none(ebs.map(|ebs| ebs.kind.as_str()))
}

pub(super) fn volumes(group: Option<&InstanceGroup>) -> Datum {
    chosen(group, |ebs| Some(ebs.volumes))
}

pub(super) fn iops(group: Option<&InstanceGroup>) -> Datum {
    chosen(group, |ebs| ebs.iops)
}

pub(super) fn throughput(group: Option<&InstanceGroup>) -> Datum {
    chosen(group, |ebs| ebs.throughput)
}

fn chosen(group: Option<&InstanceGroup>, of: fn(&Ebs) -> Option<u16>) -> Datum {
    let ebs = group.and_then(|group| group.ebs.as_ref());
    Datum::Int(ebs.and_then(of).map_or(0, i64::from))
}
