//! The declarations of all names.

use super::data;
use super::fleets;
use super::job::JOB;
use super::launch;
use super::limits::GUARDRAILS;
use super::network::NETWORK;
use super::read;
use super::{Name, Read, Shape};
use crate::model::instance::InstanceType;
use Shape::{Bool, Double, Int, List, Map, Text};

pub(in crate::policy) const ROOT: &[Name] = &[
    group("stack", "The stack, as written in its file.", STACK),
    group("cost", "What the cluster costs, by the price list.", COST),
    leaf(
        "caller",
        Text,
        "The caller: on AWS an ARN, on this machine `user@host`.",
        |s| Some(read::text(s.by)),
    ),
];

const COST: &[Name] = &[
    leaf(
        "hourly",
        Double,
        "Dollars per hour of the whole cluster; if the price is unknown, a rule that reads it \
         denies the stack.",
        |s| s.price.map(|price| read::usd(price.hourly)),
    ),
    leaf(
        "worst",
        Double,
        "The most that the cluster can cost from start to end, in dollars; known if `cost.hourly` \
         is known.",
        |s| s.price.map(|price| read::usd(price.worst)),
    ),
];

const STACK: &[Name] = &[
    leaf("name", Text, "The stack's name.", |s| {
        Some(read::text(&s.stack.name))
    }),
    leaf("team", Text, "The team that pays; empty if none.", |s| {
        Some(read::or_none(s.stack.team.as_ref()))
    }),
    leaf("region", Text, "The region of AWS.", |s| {
        Some(read::text(&s.stack.region))
    }),
    leaf(
        "tags",
        Map(&Text),
        "The user's own tags. Reading a missing tag is an error: check with `in` or `has(…)` \
         first.",
        |s| Some(read::map(&s.stack.tags)),
    ),
    group("cluster", "The cluster.", CLUSTER),
    leaf(
        "ingress",
        List(&Shape::Group(INGRESS)),
        "Every ingress rule of every security group.",
        |s| Some(read::ingress(s.stack)),
    ),
    group("job", "The job; without one its lists are empty.", JOB),
    leaf(
        "data",
        List(&Shape::Group(data::DATA)),
        "The data sets.",
        |s| Some(data::data(s.stack)),
    ),
    leaf(
        "key_pairs",
        List(&Shape::Group(data::KEY_PAIR)),
        "The key pairs of the stack.",
        |s| Some(data::key_pairs(s.stack)),
    ),
    group("guardrails", "What ends the cluster.", GUARDRAILS),
];

const CLUSTER: &[Name] = &[
    leaf(
        "release",
        Text,
        "The EMR release, or a release line such as `emr-7.x`.",
        |s| Some(read::text(&s.stack.cluster.release)),
    ),
    leaf("size", Text, "The size, as in the stack.", |s| {
        Some(read::text(read::groups(s).size()))
    }),
    leaf("nodes", Int, "The nodes of all roles together.", |s| {
        let counts = read::groups(s);
        let counts = counts.iter().map(|group| i64::from(group.nodes.count));
        Some(super::Datum::Int(counts.sum()))
    }),
    leaf(
        "instance_types",
        List(&Text),
        "The instance types in use, each once.",
        |s| {
            let groups = read::groups(s);
            let mut types: Vec<_> = groups.iter().map(|it| it.instance_type()).collect();
            types.sort();
            types.dedup();
            Some(read::list(types.into_iter().map(InstanceType::to_string)))
        },
    ),
    group("primary", "The primary node.", PRIMARY),
    group(
        "core",
        "The core nodes; `nodes` is 0 if there are none.",
        CORE,
    ),
    group(
        "task",
        "The task nodes; `nodes` is 0 if there are none.",
        TASK,
    ),
    leaf(
        "key_pair",
        Text,
        "The key pair's name; empty if none.",
        |s| Some(read::or_none(s.stack.cluster.key_pair.as_ref())),
    ),
    leaf(
        "has_existing_key_pair",
        Bool,
        "Whether the key pair is one that EC2 has and the stack does not create.",
        |s| Some(super::Datum::Bool(read::has_existing_key(s))),
    ),
    fleets::SCALING,
    group("network", "Its subnet, and how people log in.", NETWORK),
    leaf(
        "security_configuration",
        Text,
        "The name of EMR's security configuration; empty if none.",
        |s| Some(read::or_none(read::emr(s).security_configuration.as_ref())),
    ),
    leaf(
        "log_encryption_key",
        Text,
        "The ARN of the KMS key that logs are encrypted with; empty if none.",
        |s| Some(read::or_none(read::emr(s).log_encryption_key.as_ref())),
    ),
    leaf(
        "applications",
        List(&Text),
        "The applications beside Hadoop and Spark, as EMR spells them.",
        |s| Some(read::list(&read::software(s).applications)),
    ),
    leaf(
        "configurations",
        Map(&Map(&Text)),
        "The properties of EMR's classifications, as in the stack; those of a nested one are below \
         a name such as `spark-env/export`.",
        |s| Some(read::configurations(s)),
    ),
    leaf(
        "catalog",
        Text,
        "`glue`, or empty for EMR's own catalog.",
        |s| {
            Some(read::or_none(
                read::software(s).catalog.map(|it| it.as_str()),
            ))
        },
    ),
    leaf(
        "tables",
        List(&Text),
        "The formats of tables: `delta`, `iceberg`, `hudi`.",
        |s| {
            Some(read::list(
                read::software(s).tables.iter().map(|it| it.as_str()),
            ))
        },
    ),
    leaf(
        "security_groups",
        List(&Text),
        "The names or ids of the cluster's security groups.",
        |s| Some(read::list(&s.stack.cluster.security_groups)),
    ),
    launch::LOGS,
    launch::ROLES,
    launch::IMAGE,
    launch::ROOT_VOLUME_GIB,
    launch::ROOT_VOLUME_IOPS,
    launch::ROOT_VOLUME_THROUGHPUT,
    launch::BOOTSTRAP,
    launch::STEP_CONCURRENCY,
    launch::TERMINATION_PROTECTION,
];

/// Declares the names of one role's nodes.
macro_rules! role {
    ($of:expr) => {
        &[
            leaf(
                "nodes",
                Int,
                "The number of nodes; 0 if there are none.",
                |s| Some(read::nodes($of(s))),
            ),
            leaf("type", Text, "The instance type; empty if none.", |s| {
                Some(read::or_none($of(s).map(|group| group.instance_type())))
            }),
            leaf("market", Text, "`on-demand` or `spot`.", |s| {
                Some(read::market($of(s)))
            }),
            leaf(
                "bid",
                Double,
                "The most that EMR pays for a Spot node per hour; $0 for the on-demand price.",
                |s| Some(read::bid($of(s))),
            ),
            leaf(
                "volume_type",
                Text,
                "The kind of the data volumes, such as `gp3`; empty for EMR's default.",
                |s| Some(launch::volume_type($of(s))),
            ),
            leaf(
                "volumes",
                Int,
                "The number of data volumes of one node; 0 for EMR's default.",
                |s| Some(launch::volumes($of(s))),
            ),
            leaf(
                "volume_gib",
                Int,
                "GiB of the data volumes of one node; 0 for EMR's default.",
                |s| Some(read::volumes($of(s))),
            ),
            leaf(
                "volume_iops",
                Int,
                "The operations per second of each data volume; 0 for those of its kind and size.",
                |s| Some(launch::iops($of(s))),
            ),
            leaf(
                "volume_throughput",
                Int,
                "The throughput of each data volume in MiB/s; 0 for that of its kind and size.",
                |s| Some(launch::throughput($of(s))),
            ),
            fleets::fleet!($of),
        ]
    };
}

const PRIMARY: &[Name] = role!(read::primary);
const CORE: &[Name] = role!(read::core);
const TASK: &[Name] = role!(read::task);

const INGRESS: &[Name] = &[
    part("port", Int, "The TCP port."),
    part("from", Text, "`caller`, or a range of addresses."),
    part("group", Text, "The security group's name."),
];

pub(super) const fn leaf(name: &'static str, shape: Shape, doc: &'static str, read: Read) -> Name {
    let read = Some(read);
    Name {
        name,
        shape,
        doc,
        read,
    }
}

pub(super) const fn group(name: &'static str, doc: &'static str, names: &'static [Name]) -> Name {
    part(name, Shape::Group(names), doc)
}

pub(super) const fn part(name: &'static str, shape: Shape, doc: &'static str) -> Name {
    Name {
        name,
        shape,
        doc,
        read: None,
    }
}
