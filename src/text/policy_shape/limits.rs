//! `limits`: how much a stack may ask for.

use crate::text::format::{IDLE, INGRESS, LIFETIME, TAG_KEY, USD};
use crate::text::policy_format as format;
use crate::text::shape::Need::Optional;
use crate::text::shape::{Field, Kind, List, Object, Texts, Unique, Word, field, plain};

/// All of them may be left out: there is no limit then.
const fn limit(key: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Field {
    field(key, Optional, kind, example, doc)
}

pub(super) static LIMITS: Object = plain(
    "How much a stack may ask for. What is left out has no limit.",
    &[
        limit(
            "hourly_cost",
            Kind::Text(&USD),
            "$5",
            "The most that a cluster may cost in an hour.",
        ),
        limit(
            "run_cost",
            Kind::Text(&USD),
            "$20",
            "The most that one life of a cluster may cost.",
        ),
        limit(
            "nodes",
            Kind::Whole {
                least: 1,
                most: 65_535,
                what: "a number of nodes",
            },
            "10",
            "The most nodes, of all roles together.",
        ),
        limit(
            "instance_types",
            Kind::List(&INSTANCE_TYPES),
            "[m5.*, r5.xlarge]",
            "The instance types that are allowed.",
        ),
        limit(
            "regions",
            Kind::List(&REGIONS),
            "[us-east-1, \"eu-*\"]",
            "The regions that are allowed.",
        ),
        limit(
            "releases",
            Kind::List(&RELEASES),
            "[emr-7.*]",
            "The releases of EMR that are allowed.",
        ),
        limit(
            "market",
            Kind::Words(&[
                Word {
                    text: "on-demand",
                    doc: "No machine may be one that AWS can take back.",
                },
                Word {
                    text: "spot",
                    doc: "Core and task machines have to be on Spot.",
                },
            ]),
            "spot",
            "How machines have to be bought.",
        ),
        limit(
            "max_lifetime",
            Kind::Text(&LIFETIME),
            "8h",
            "The longest `max_lifetime` of a stack.",
        ),
        limit(
            "idle_timeout",
            Kind::Text(&IDLE),
            "30m",
            "The longest `idle_timeout` of a stack.",
        ),
        limit(
            "ssh_from",
            Kind::Several(&SOURCES),
            "caller",
            "Who may be let in, on any port: `caller`, ranges of addresses, or a list of these.",
        ),
        limit(
            "tags",
            Kind::Texts(&TAGS),
            "{ owner: \"*\", cost-center: \"cc-*\" }",
            "Tags that a stack has to have, and patterns of their values.",
        ),
    ],
);
static INSTANCE_TYPES: List = List {
    of: Kind::Text(&format::INSTANCE_TYPES),
    least: 1,
    unique: Unique::ByText,
    item: "an instance type, or a pattern of them,",
    example: "m5.*",
};
static REGIONS: List = List {
    of: Kind::Text(&format::REGIONS),
    least: 1,
    unique: Unique::ByText,
    item: "a region, or a pattern of regions,",
    example: "us-east-1",
};
static RELEASES: List = List {
    of: Kind::Text(&format::RELEASES),
    least: 1,
    unique: Unique::ByText,
    item: "a release, or a pattern of releases,",
    example: "emr-7.*",
};
static SOURCES: List = List {
    of: Kind::Text(&INGRESS),
    least: 1,
    unique: Unique::ByText,
    item: "a source of connections",
    example: "caller",
};
static TAGS: Texts = Texts {
    key: &TAG_KEY,
    value: &format::TAG_VALUES,
    most: 10,
    entry: "a tag, or a pattern of it,",
    none: "write `\"*\"` where any value will do",
};
