//! The declarations of all names.

use super::launch;
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
    leaf("data", List(&Shape::Group(DATA)), "The data sets.", |s| {
        Some(read::data(s.stack))
    }),
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

const JOB: &[Name] = &[
    leaf(
        "steps",
        List(&Shape::Group(STEP)),
        "The steps, in order.",
        |s| Some(read::steps(s.stack)),
    ),
    leaf(
        "python_packages",
        List(&Text),
        "The Python packages, as in the stack.",
        |s| Some(read::packages(s.stack)),
    ),
];

const STEP: &[Name] = &[
    part("name", Text, "The step's name."),
    part(
        "kind",
        Text,
        "`script`, `jar`, `sql`, `hive`, `command`, `shell` or `copy`.",
    ),
    part(
        "script",
        Text,
        "The path or address of a `script`; empty for another kind.",
    ),
    part(
        "file",
        Text,
        "The path or address of what it runs; empty for a `command` or a `copy`.",
    ),
    part(
        "command",
        List(&Text),
        "The words of a `command`, or the two folders of a `copy`.",
    ),
    part("args", List(&Text), "Its arguments, as in the stack."),
    part("deploy_mode", Text, "`client` or `cluster`."),
    part("py_files", List(&Text), "The py_files, as in the stack."),
    part("jars", List(&Text), "The jars, as in the stack."),
    part("packages", List(&Text), "The packages of Maven."),
    part("env", Map(&Text), "Environment variables by name."),
    part("on_failure", Text, "`stop` or `continue`."),
    part(
        "executor_memory_mib",
        Int,
        "MiB of each executor; 0 for `auto`.",
    ),
    part("conf", Map(&Text), "Spark's settings of the step."),
];

const DATA: &[Name] = &[
    part("name", Text, "The data set's name."),
    part("source", Text, "`path`, `url` or `s3`."),
    part("location", Text, "The path or address itself."),
];

const GUARDRAILS: &[Name] = &[
    leaf("idle_minutes", Double, "The idle_timeout.", |s| {
        Some(read::minutes(s.stack.guardrails.idle_timeout))
    }),
    leaf("lifetime_minutes", Double, "The max_lifetime.", |s| {
        Some(read::minutes(s.stack.guardrails.max_lifetime))
    }),
    leaf("lease_minutes", Double, "The lease; 0 if none.", |s| {
        let lease = s.stack.guardrails.lease;
        Some(lease.map_or(super::Datum::Double(0.0), read::minutes))
    }),
    leaf("budget", Double, "The budget in dollars; 0 if none.", |s| {
        let budget = s.stack.guardrails.budget;
        Some(budget.map_or(super::Datum::Double(0.0), read::usd))
    }),
    leaf("has_budget", Bool, "Whether there is a budget.", |s| {
        Some(super::Datum::Bool(s.stack.guardrails.budget.is_some()))
    }),
    leaf(
        "when_done",
        Text,
        "`terminate`, or `keep` for a cluster that outlives its job.",
        |s| Some(read::when_done(s.stack.guardrails.when_done)),
    ),
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
