//! Limits that are amounts: at each bound, just below it and just above it; the strictest of
//! several; and types without a price.

use crate::table::{Case, allow, deny, shown};

const ONE: &str = "cluster.size=1 x m5.xlarge";

const HOURLY: &[Case] = &[
    allow(
        "an hour that costs what is allowed, to the last digit",
        &["limits:\n  hourly_cost: $0.76623291"],
        &[],
    ),
    allow(
        "an hour that costs a little less",
        &["limits:\n  hourly_cost: $0.7663"],
        &[],
    ),
    deny(
        "an hour that costs a hundred-millionth too much",
        &["limits:\n  hourly_cost: $0.76623290"],
        &[],
        &[("a limits.hourly_cost", "$0.76623291", "$0.76623290")],
    ),
    deny(
        "an hour that costs too much, in cents",
        &["limits:\n  hourly_cost: $0.76"],
        &[],
        &[("a limits.hourly_cost", "$0.77", "$0.76")],
    ),
    deny(
        "an hour of which not one node is paid",
        &["limits:\n  hourly_cost: $0.25"],
        &[],
        &[("a limits.hourly_cost", "$0.77", "$0.25")],
    ),
    deny(
        "an hour of nodes that are not alike",
        &["limits:\n  hourly_cost: $1"],
        &["cluster.size={ primary: m5.xlarge, core: 2 x r5.2xlarge }"],
        &[("a limits.hourly_cost", "$1.57", "$1.00")],
    ),
    deny(
        "an hour of nodes whose disks are their own",
        &["limits:\n  hourly_cost: $0.20"],
        &["cluster.size={ primary: { type: m5.xlarge, ebs: { size: 10g } } }"],
        &[("a limits.hourly_cost", "$0.25", "$0.20")],
    ),
    deny(
        "an hour of an instance type without a price",
        &["limits:\n  hourly_cost: $5"],
        &["cluster.size=2 x m5.gigantic"],
        &[("a limits.hourly_cost", "", "$5.00")],
    ),
    deny(
        "an hour in a region without prices",
        &["limits:\n  hourly_cost: $5"],
        &["region=xx-nowhere-1"],
        &[("a limits.hourly_cost", "", "$5.00")],
    ),
];

const RUN: &[Case] = &[
    allow(
        "a life that costs a little less than is allowed",
        &["limits:\n  run_cost: $1.034415"],
        &[],
    ),
    deny(
        "a life that costs a little more",
        &["limits:\n  run_cost: $1.034414"],
        &[],
        &[("a limits.run_cost", "$1.034415", "$1.034414")],
    ),
    allow(
        "a life that costs a cent less",
        &["limits:\n  run_cost: $1.04"],
        &[],
    ),
    deny(
        "a life that costs a cent more",
        &["limits:\n  run_cost: $1.03"],
        &[],
        &[("a limits.run_cost", "$1.04", "$1.03")],
    ),
    allow(
        "a life that its budget ends in time",
        &["limits:\n  run_cost: $0.50"],
        &["guardrails.budget=$0.50"],
    ),
    deny(
        "a life whose budget is a cent too large",
        &["limits:\n  run_cost: $0.50"],
        &["guardrails.budget=$0.51"],
        &[("a limits.run_cost", "$0.51", "$0.50")],
    ),
    deny(
        "a life of which the end alone costs too much",
        &["limits:\n  run_cost: $0.20"],
        &["guardrails.budget=$0.20"],
        &[("a limits.run_cost", "$0.26", "$0.20")],
    ),
    deny(
        "a life of ten years",
        &["limits:\n  run_cost: $20"],
        &[ONE, "guardrails.max_lifetime=3650d"],
        &[("a limits.run_cost", "$22374.10", "$20.00")],
    ),
    deny(
        "a life of an instance type without a price, which a budget does not end",
        &["limits:\n  run_cost: $5"],
        &["cluster.size=2 x m5.gigantic", "guardrails.budget=$1"],
        &[("a limits.run_cost", "", "$5.00")],
    ),
];

const COUNTS: &[Case] = &[
    allow(
        "as many nodes as are allowed",
        &["limits:\n  nodes: 3"],
        &[],
    ),
    allow("one node less", &["limits:\n  nodes: 4"], &[]),
    deny(
        "one node more",
        &["limits:\n  nodes: 2"],
        &[],
        &[("a limits.nodes", "3", "2")],
    ),
    allow("the only node", &["limits:\n  nodes: 1"], &[ONE]),
    deny(
        "nodes of all roles together",
        &["limits:\n  nodes: 5"],
        &["cluster.size={ primary: m5.xlarge, core: 2 x m5.xlarge, task: 3 x m5.xlarge }"],
        &[("a limits.nodes", "6", "5")],
    ),
];

const SPANS: &[Case] = &[
    allow(
        "as long a life as is allowed",
        &["limits:\n  max_lifetime: 60m"],
        &[],
    ),
    allow("a second less", &["limits:\n  max_lifetime: 1h1s"], &[]),
    deny(
        "a second more",
        &["limits:\n  max_lifetime: 59m59s"],
        &[],
        &[("a limits.max_lifetime", "1h", "59m59s")],
    ),
    deny(
        "a life as long as nobody said",
        &["limits:\n  max_lifetime: 1h"],
        &[
            "stack: bare\nregion: us-east-1\ncluster: { release: emr-7.x, size: 1 x m5.xlarge }\n\
           guardrails: { when_done: keep }\n",
        ],
        &[("a limits.max_lifetime", "2h", "1h")],
    ),
    allow(
        "as long an idle time as is allowed",
        &["limits:\n  idle_timeout: 10m"],
        &[],
    ),
    allow(
        "an idle time a second less",
        &["limits:\n  idle_timeout: 10m"],
        &["guardrails.idle_timeout=9m59s"],
    ),
    deny(
        "an idle time a second more",
        &["limits:\n  idle_timeout: 10m"],
        &["guardrails.idle_timeout=10m1s"],
        &[("a limits.idle_timeout", "10m1s", "10m")],
    ),
];

const SEVERAL: &[Case] = &[
    deny(
        "of three policies the strictest rules",
        &[
            "limits:\n  nodes: 10",
            "limits:\n  nodes: 2",
            "limits:\n  nodes: 4",
        ],
        &["cluster.size=5 x m5.xlarge"],
        &[("b limits.nodes", "5", "2")],
    ),
    allow(
        "of two that allow it, the stricter is named",
        &["limits:\n  nodes: 9", "limits:\n  nodes: 3"],
        &[],
    ),
    deny(
        "each limit has its own strictest",
        &[
            "limits:\n  nodes: 2\n  max_lifetime: 8h",
            "limits:\n  nodes: 8\n  max_lifetime: 30m",
        ],
        &[],
        &[
            ("a limits.nodes", "3", "2"),
            ("b limits.max_lifetime", "1h", "30m"),
        ],
    ),
    deny(
        "the strictest is one that is for the stack",
        &[
            "applies_to: { teams: [ads] }\nlimits:\n  nodes: 1",
            "limits:\n  nodes: 2",
        ],
        &[],
        &[("b limits.nodes", "3", "2")],
    ),
    deny(
        "everything at once",
        &[
            "limits:\n  hourly_cost: $0.10\n  run_cost: $0.30\n  nodes: 1\n  max_lifetime: 10m\n  \
           idle_timeout: 1m",
        ],
        &[],
        &[
            ("a limits.hourly_cost", "$0.77", "$0.10"),
            ("a limits.run_cost", "$1.04", "$0.30"),
            ("a limits.nodes", "3", "1"),
            ("a limits.max_lifetime", "1h", "10m"),
            ("a limits.idle_timeout", "10m", "1m"),
        ],
    ),
    allow("no limits at all", &["limits: {}"], &[]),
];

#[test]
fn hourly_cost() {
    insta::assert_snapshot!(shown(HOURLY));
}

#[test]
fn run_cost() {
    insta::assert_snapshot!(shown(RUN));
}

#[test]
fn nodes() {
    insta::assert_snapshot!(shown(COUNTS));
}

#[test]
fn lifetimes_and_idle_times() {
    insta::assert_snapshot!(shown(SPANS));
}

#[test]
fn several_policies() {
    insta::assert_snapshot!(shown(SEVERAL));
}
