//! Limits that are names: types, regions, releases, markets, sources of connections and tags. Each
//! policy has to allow them.

use crate::table::{Case, allow, deny, shown};

const MIXED: &str =
    "cluster.size={ primary: m5.xlarge, core: 2 x m5d.xlarge, task: 1 x r5.xlarge }";
const TYPES: &str = "limits:\n  instance_types: [m5.*, r5.xlarge]";

const PATTERNS: &[Case] = &[
    allow(
        "a type of a family",
        &[TYPES],
        &["cluster.size=2 x m5.24xlarge"],
    ),
    allow(
        "a type by its name",
        &[TYPES],
        &["cluster.size=2 x r5.xlarge"],
    ),
    deny(
        "a family whose name only begins so",
        &[TYPES],
        &["cluster.size=2 x m5d.xlarge"],
        &[("a limits.instance_types", "m5d.xlarge", "m5.*, r5.xlarge")],
    ),
    deny(
        "one of three roles has another type",
        &[TYPES],
        &[MIXED],
        &[("a limits.instance_types", "m5d.xlarge", "m5.*, r5.xlarge")],
    ),
    deny(
        "two types are wrong, each is told once",
        &["limits:\n  instance_types: [c5.?large]"],
        &["cluster.size={ primary: m5.xlarge, core: 2 x r5.xlarge, task: 1 x r5.xlarge }"],
        &[
            ("a limits.instance_types", "m5.xlarge", "c5.?large"),
            ("a limits.instance_types", "r5.xlarge", "c5.?large"),
        ],
    ),
    deny(
        "what one policy allows, the other does not",
        &[
            "limits:\n  instance_types: [m5.*]",
            "limits:\n  instance_types: [r5.*]",
        ],
        &[],
        &[("b limits.instance_types", "m5.xlarge", "r5.*")],
    ),
    deny(
        "two policies deny by different names",
        &[
            "limits:\n  instance_types: [c5.*]",
            "limits:\n  regions: [eu-west-1]",
        ],
        &[],
        &[
            ("a limits.instance_types", "m5.xlarge", "c5.*"),
            ("b limits.regions", "us-east-1", "eu-west-1"),
        ],
    ),
    allow(
        "a region of a pattern",
        &["limits:\n  regions: [\"us-*\"]"],
        &[],
    ),
    deny(
        "a region of none",
        &["limits:\n  regions: [us-east-1, \"eu-*\"]"],
        &["region=us-west-2"],
        &[("a limits.regions", "us-west-2", "us-east-1, eu-*")],
    ),
    allow(
        "a release of a line",
        &["limits:\n  releases: [emr-7.*]"],
        &[],
    ),
    allow(
        "the newest of a line",
        &["limits:\n  releases: [emr-7.*]"],
        &["cluster.release=emr-7.x"],
    ),
    allow(
        "a release of a line that is named as such",
        &["limits:\n  releases: [emr-7.x]"],
        &[],
    ),
    allow(
        "a release of one of two lines",
        &["limits:\n  releases: [emr-6.x, emr-7.x]"],
        &["cluster.release=emr-7.12.0"],
    ),
    deny(
        "a release of another line",
        &["limits:\n  releases: [emr-7.x]"],
        &["cluster.release=emr-6.15.0"],
        &[("a limits.releases", "emr-6.15.0", "emr-7.x")],
    ),
    deny(
        "the newest of a line, where one release is allowed",
        &["limits:\n  releases: [emr-7.12.0]"],
        &["cluster.release=emr-7.x"],
        &[("a limits.releases", "emr-7.x", "emr-7.12.0")],
    ),
    deny(
        "an older release",
        &["limits:\n  releases: [emr-7.*]"],
        &["cluster.release=emr-6.15.0"],
        &[("a limits.releases", "emr-6.15.0", "emr-7.*")],
    ),
];

/// Core nodes of two types with these targets.
macro_rules! fleet {
    ($targets:literal) => {
        concat!(
            "cluster.size={ primary: m5.xlarge, core: { fleet: { types: [m5.xlarge, m5a.xlarge], ",
            $targets,
            " } } }"
        )
    };
}

const MARKETS: &[Case] = &[
    allow(
        "Spot, and the primary is not",
        &["limits:\n  market: spot"],
        &["cluster.size={ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, market: spot } }"],
    ),
    allow(
        "Spot of one node, which leads",
        &["limits:\n  market: spot"],
        &["cluster.size=1 x m5.xlarge"],
    ),
    deny(
        "core and task are not on Spot",
        &["limits:\n  market: spot"],
        &["cluster.size={ primary: m5.xlarge, core: 2 x m5.xlarge, task: 1 x m5.xlarge }"],
        &[
            ("a limits.market", "core: on-demand", "spot"),
            ("a limits.market", "task: on-demand", "spot"),
        ],
    ),
    deny(
        "only the task nodes are on Spot",
        &["limits:\n  market: on-demand"],
        &["cluster.size={ primary: m5.xlarge, core: 2 x m5.xlarge, \
           task: { nodes: 1 x m5.xlarge, market: spot } }"],
        &[("a limits.market", "task: spot", "on-demand")],
    ),
    deny(
        "the primary may not be taken back",
        &["limits:\n  market: on-demand"],
        &["cluster.size={ primary: { type: m5.xlarge, market: spot } }"],
        &[("a limits.market", "primary: spot", "on-demand")],
    ),
    allow(
        "all at the full price",
        &["limits:\n  market: on-demand"],
        &[],
    ),
    allow(
        "a fleet that buys only Spot",
        &["limits:\n  market: spot"],
        &[fleet!("spot: 4")],
    ),
    allow(
        "a fleet that buys only on demand",
        &["limits:\n  market: on-demand"],
        &[fleet!("on_demand: 4")],
    ),
    deny(
        "a fleet that buys both, where Spot is required",
        &["limits:\n  market: spot"],
        &[fleet!("on_demand: 1, spot: 3")],
        &[("a limits.market", "core: on-demand", "spot")],
    ),
    deny(
        "a fleet that buys both, where Spot is forbidden",
        &["limits:\n  market: on-demand"],
        &[fleet!("on_demand: 1, spot: 3")],
        &[("a limits.market", "core: spot", "on-demand")],
    ),
    deny(
        "EMR scales with Spot beyond a number on demand",
        &["limits:\n  market: on-demand"],
        &[
            GROUPS,
            "cluster.scaling={ from: 1, to: 10, on_demand_at_most: 9 }",
        ],
        &[("a limits.market", "core: spot", "on-demand")],
    ),
    allow(
        "EMR scales all of it on demand",
        &["limits:\n  market: on-demand"],
        &[
            GROUPS,
            "cluster.scaling={ from: 1, to: 10, on_demand_at_most: 10 }",
        ],
    ),
    deny(
        "EMR scales on demand where Spot is required",
        &["limits:\n  market: spot"],
        &[
            GROUPS,
            "cluster.scaling={ from: 1, to: 10, on_demand_at_most: 9 }",
        ],
        &[("a limits.market", "core: on-demand", "spot")],
    ),
    deny(
        "EMR scales a fleet with Spot",
        &["limits:\n  market: on-demand"],
        &[
            fleet!("on_demand: 4"),
            "cluster.scaling={ from: 1, to: 10, on_demand_at_most: 9 }",
        ],
        &[("a limits.market", "core: spot", "on-demand")],
    ),
];

const GROUPS: &str = "cluster.size={ primary: m5.xlarge, core: 2 x m5.xlarge }";

const CALLER: &str = "limits:\n  ssh_from: caller";
const RANGES: &str = "limits:\n  ssh_from: [10.0.0.0/8, \"2001:db8::/32\"]";

const SOURCES: &[Case] = &[
    allow("nobody is let in", &[CALLER], &[]),
    allow(
        "who calls is let in",
        &[CALLER],
        &["security_groups.spark-ssh.ingress=[{ port: 22, from: caller }]"],
    ),
    deny(
        "a range where only who calls may be",
        &[CALLER],
        &["security_groups.spark-ssh.ingress=[{ port: 22, from: 10.1.2.3/32 }]"],
        &[("a limits.ssh_from", "10.1.2.3/32", "caller")],
    ),
    deny(
        "who calls where only ranges may be",
        &[RANGES],
        &["security_groups.spark-ssh.ingress=[{ port: 22, from: caller }]"],
        &[("a limits.ssh_from", "caller", "10.0.0.0/8, 2001:db8::/32")],
    ),
    allow(
        "ranges within, of both kinds",
        &[RANGES],
        &[
            "security_groups.spark-ssh.ingress=[{ port: 22, from: 10.0.0.0/8 }, \
           { port: 8888, from: 10.9.0.0/16 }, { port: 22, from: \"2001:db8:7::/48\" }]",
        ],
    ),
    deny(
        "a range that is wider, of both kinds",
        &[RANGES],
        &[
            "security_groups.spark-ssh.ingress=[{ port: 22, from: 10.0.0.0/7 }, \
           { port: 443, from: \"2001:db8::/31\" }]",
        ],
        &[
            (
                "a limits.ssh_from",
                "10.0.0.0/7",
                "10.0.0.0/8, 2001:db8::/32",
            ),
            (
                "a limits.ssh_from",
                "2001:db8::/31",
                "10.0.0.0/8, 2001:db8::/32",
            ),
        ],
    ),
    deny(
        "the whole world, said twice",
        &[RANGES],
        &["security_groups.spark-ssh.ingress=[{ port: 22, from: 0.0.0.0/0, anywhere: true }]"],
        &[(
            "a limits.ssh_from",
            "0.0.0.0/0",
            "10.0.0.0/8, 2001:db8::/32",
        )],
    ),
];

/// The stack with tags.
macro_rules! tagged {
    ($tags:literal) => {
        concat!(
            "stack: tagged\nregion: us-east-1\n",
            $tags,
            "cluster: { release: emr-7.x, size: 1 x m5.xlarge }\nguardrails: { when_done: keep }\n"
        )
    };
}

const TAGS: &str = "limits:\n  tags: { owner: \"*\", cost-center: \"cc-*\" }";

const TAGGED: &[Case] = &[
    allow(
        "both tags are right",
        &[TAGS],
        &[tagged!("tags: { owner: ana, cost-center: cc-7 }\n")],
    ),
    deny(
        "no tags at all",
        &[TAGS],
        &[tagged!("")],
        &[("a limits.tags", "", "cc-*"), ("a limits.tags", "", "*")],
    ),
    deny(
        "one is missing, one is wrong",
        &[TAGS],
        &[tagged!("tags: { cost-center: \"4711\" }\n")],
        &[
            ("a limits.tags", "4711", "cc-*"),
            ("a limits.tags", "", "*"),
        ],
    ),
    deny(
        "an empty value is none",
        &["limits:\n  tags: { owner: \"*\" }"],
        &[tagged!("tags: { owner: \"\" }\n")],
        &[("a limits.tags", "", "*")],
    ),
    deny(
        "a tag of one value",
        &["limits:\n  tags: { stage: prod }"],
        &[tagged!("tags: { stage: production }\n")],
        &[("a limits.tags", "production", "prod")],
    ),
    deny(
        "two policies want different values",
        &[
            "limits:\n  tags: { owner: \"a*\" }",
            "limits:\n  tags: { owner: \"b*\" }",
        ],
        &[tagged!("tags: { owner: ana }\n")],
        &[("b limits.tags", "ana", "b*")],
    ),
];

#[test]
fn types_regions_and_releases() {
    insta::assert_snapshot!(shown(PATTERNS));
}

#[test]
fn markets() {
    insta::assert_snapshot!(shown(MARKETS));
}

#[test]
fn sources_of_connections() {
    insta::assert_snapshot!(shown(SOURCES));
}

#[test]
fn tags() {
    insta::assert_snapshot!(shown(TAGGED));
}
