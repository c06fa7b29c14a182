//! The shape of a stack's file: every key, what it is for, and what it is when nothing is said.

mod cluster;
mod data;
pub(crate) mod guardrails;
mod job;

use super::format;
use super::shape::Need::{Default, Optional, Required};
use super::shape::{Kind, List, Names, Object, Texts, Unique, field, plain};
use cluster::CLUSTER;
use data::DATA;
use job::JOB;

pub(crate) static KEY_PAIRS: Names = Names {
    what: "key pair",
    root: "key_pairs",
    format: &format::KEY_PAIR,
};
pub(crate) static GROUPS: Names = Names {
    what: "security group",
    root: "security_groups",
    format: &format::GROUP,
};
pub(crate) static DATA_SETS: Names = Names {
    what: "data set",
    root: "data",
    format: &format::DATA,
};

pub(crate) static STACK: Object = plain(
    "A stack of clusterup: keys, firewall, data, cluster and job, with the limits of their cost.",
    &[
        field(
            "stack",
            Required,
            Kind::Text(&format::STACK),
            "movie-similarities",
            "The stack's name. It becomes part of the names of what is made for it.",
        ),
        field(
            "team",
            Optional,
            Kind::Text(&format::TEAM),
            "recsys",
            "The team that pays; its policies apply.",
        ),
        field(
            "tags",
            Optional,
            Kind::Texts(&TAGS),
            "{ owner: ana, cost-center: cc-42 }",
            "Tags of your own, on the cluster and its instances: at most ten.",
        ),
        field(
            "region",
            Required,
            Kind::Text(&format::REGION),
            "us-east-1",
            "The AWS region that everything is made in.",
        ),
        field(
            "key_pairs",
            Optional,
            Kind::List(&KEY_PAIR_LIST),
            "[{ name: spark }]",
            "SSH keys for the cluster's nodes.",
        ),
        field(
            "security_groups",
            Optional,
            Kind::List(&GROUP_LIST),
            "[{ name: spark-ssh, ingress: [{ port: 22, from: caller }] }]",
            "Firewall rules for the cluster's primary node.",
        ),
        field(
            "data",
            Optional,
            Kind::Named(&format::DATA, &DATA),
            "{ ratings: { path: ratings.dat } }",
            "Data sets by name. A step is told where one lies by `${data.NAME}`.",
        ),
        field(
            "cluster",
            Required,
            Kind::Map(&CLUSTER),
            "{ release: emr-7.x, size: 3 x m5.xlarge }",
            "The EMR cluster.",
        ),
        field(
            "job",
            Optional,
            Kind::Map(&JOB),
            "{ steps: [{ name: main, script: job.py }] }",
            "What the cluster runs. Without it a cluster is made and nothing runs.",
        ),
        field(
            "guardrails",
            Optional,
            Kind::Map(&guardrails::GUARDRAILS),
            "{ idle_timeout: 10m, max_lifetime: 2h, budget: $3 }",
            "What ends the cluster, whatever else happens.",
        ),
    ],
);

static TAGS: Texts = Texts {
    key: &format::TAG_KEY,
    value: &format::TAG_VALUE,
    most: 10,
    entry: "a tag",
    none: "write `\"\"` for a tag that says nothing",
};

static KEY_PAIR_LIST: List = List {
    of: Kind::Map(&KEY_PAIR),
    least: 0,
    unique: Unique::ByName,
    item: "a key pair",
    example: "{ name: spark }",
};
static KEY_PAIR: Object = plain(
    "An SSH key pair. It is made on this machine, and its private half never leaves it.",
    &[
        field(
            "name",
            Required,
            Kind::Text(&format::KEY_PAIR),
            "spark",
            "What the cluster calls it by.",
        ),
        field(
            "public_key",
            Optional,
            Kind::Text(&format::PATH),
            "~/.ssh/id_ed25519.pub",
            "The public half of a key that you have already; none is made then.",
        ),
    ],
);

static GROUP_LIST: List = List {
    of: Kind::Map(&GROUP),
    least: 0,
    unique: Unique::ByName,
    item: "a security group",
    example: "{ name: spark-ssh, ingress: […] }",
};
static GROUP: Object = plain(
    "A security group: what may reach the primary node. All else is closed.",
    &[
        field(
            "name",
            Required,
            Kind::Text(&format::GROUP),
            "spark-ssh",
            "What the cluster calls it by.",
        ),
        field(
            "ingress",
            Optional,
            Kind::List(&INGRESS_LIST),
            "[{ port: 22, from: caller }]",
            "The openings.",
        ),
    ],
);
static INGRESS_LIST: List = List {
    of: Kind::Map(&INGRESS),
    least: 0,
    unique: Unique::No,
    item: "an opening",
    example: "{ port: 22, from: caller }",
};
static INGRESS: Object = plain(
    "One opening: a TCP port and who may reach it.",
    &[
        field(
            "port",
            Required,
            Kind::Whole {
                least: 1,
                most: 65_535,
                what: "a TCP port",
            },
            "22",
            "The TCP port.",
        ),
        field(
            "from",
            Required,
            Kind::Text(&format::INGRESS),
            "caller",
            "`caller` is this machine's public address, followed when it changes; \
             or a range of addresses.",
        ),
        field(
            "anywhere",
            Default("false"),
            Kind::Switch,
            "true",
            "Has to be true where `from` is as wide as the world.",
        ),
    ],
);
