//! The shape of a policy's file: every key, what it is for, and what it is when nothing is said.

mod budget;
mod limits;
mod rule;
mod watchdog;

use super::policy_format as format;
use super::shape::Need::{Default, Optional, Required};
use super::shape::{Kind, List, Object, Unique, field, plain};
use super::stack_shape::guardrails::OFF_HOURS;
use budget::BUDGET;
use limits::LIMITS;
use rule::RULES;
use watchdog::{UNMANAGED, WATCHDOG};

pub(crate) static POLICY: Object = plain(
    "A policy of clusterup: what stacks may ask for, and what a team may spend in a month.",
    &[
        field(
            "policy",
            Required,
            Kind::Text(&format::POLICY),
            "recsys",
            "The policy's name.",
        ),
        field(
            "applies_to",
            Optional,
            Kind::Map(&APPLIES_TO),
            "{ teams: [recsys] }",
            "The stacks that it is for; all where nothing is said.",
        ),
        field(
            "budget",
            Optional,
            Kind::Map(&BUDGET),
            "{ monthly: $200 }",
            "What each of the policy's teams may spend in a month.",
        ),
        field(
            "limits",
            Optional,
            Kind::Map(&LIMITS),
            "{ nodes: 10, hourly_cost: $5 }",
            "How much a stack may ask for.",
        ),
        field(
            "off_hours",
            Optional,
            Kind::Map(&OFF_HOURS),
            "{ timezone: Asia/Seoul, terminate: \"Mon-Fri 20:00-07:00, Sat-Sun\" }",
            "Hours in which no cluster shall run: clusters end when they begin.",
        ),
        field(
            "rules",
            Optional,
            Kind::List(&RULES),
            "[{ name: no-tasks, deny_when: stack.cluster.task != null, message: … }]",
            "Conditions of your own, in CEL.",
        ),
        field(
            "overrides",
            Optional,
            Kind::Map(&OVERRIDES),
            "{ by: [\"ana@*\"] }",
            "Who may go on in spite of the policy, saying why; nobody where nothing is said.",
        ),
        field(
            "unmanaged",
            Optional,
            Kind::Map(&UNMANAGED),
            "{ action: notify, exempt: { tag: keep } }",
            "What the watchdog does with clusters that clusterup did not make. They belong to no team: \
             whatever `applies_to` says, it is for all of them, and of several policies the mildest \
             holds.",
        ),
        field(
            "watchdog",
            Optional,
            Kind::Map(&WATCHDOG),
            "{ warn_before: 10m, max_kills_per_sweep: 5 }",
            "How clusters are ended that the policy does not let live on.",
        ),
    ],
);

static APPLIES_TO: Object = plain(
    "The stacks that a policy is for: those that all of this fits.",
    &[
        field(
            "teams",
            Optional,
            Kind::List(&TEAMS),
            "[recsys]",
            "Stacks of these teams.",
        ),
        field(
            "stacks",
            Optional,
            Kind::List(&STACKS),
            "[\"nightly-*\"]",
            "Stacks with these names; `*` and `?` stand for others.",
        ),
    ],
);
static TEAMS: List = List {
    of: Kind::Text(&super::format::TEAM),
    least: 1,
    unique: Unique::ByText,
    item: "a team",
    example: "recsys",
};
static STACKS: List = List {
    of: Kind::Text(&format::STACKS),
    least: 1,
    unique: Unique::ByText,
    item: "a stack's name, or a pattern of names,",
    example: "nightly-*",
};

static OVERRIDES: Object = plain(
    "Who may go on in spite of the policy.",
    &[
        field(
            "by",
            Required,
            Kind::List(&CALLERS),
            "[\"arn:aws:iam::*:user/ana\", \"ana@*\"]",
            "Callers: on AWS by their ARN, on this machine as `user@host`.",
        ),
        field(
            "budget",
            Default("false"),
            Kind::Switch,
            "true",
            "Whether they may pass over the month's budget as well.",
        ),
    ],
);
static CALLERS: List = List {
    of: Kind::Text(&format::CALLER),
    least: 1,
    unique: Unique::ByText,
    item: "a caller",
    example: "ana@*",
};
