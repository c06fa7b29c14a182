//! Rules in CEL, and the stacks to which a policy applies.

use crate::table::{Case, allow, deny, shown, warn};

macro_rules! bare {
    ($more:literal) => {
        concat!(
            "stack: bare\nregion: us-east-1\n",
            $more,
            "cluster: { release: emr-7.x, size: 3 x m5.xlarge }\nguardrails: { when_done: keep }\n"
        )
    };
}

const BIG: &str = "rules:
  - name: big-clusters-are-spot
    deny_when: stack.cluster.nodes > 2 && stack.cluster.core.market != \"spot\"
    message: more than 2 nodes must run on Spot";
const DEAR: &str = "rules:
  - name: dear
    warn_when: cost.hourly > 0.5 || cost.worst > 100
    message: this costs more than half a dollar an hour";
const OWNED: &str = "rules:
  - name: owned
    deny_when: stack.tags.owner == \"nobody\"
    message: nobody owns nothing";

const RULES: &[Case] = &[
    deny(
        "a rule denies",
        &[BIG],
        &[],
        &[("a rules.big-clusters-are-spot", "", "")],
    ),
    allow(
        "a rule that does not hold",
        &[BIG],
        &["cluster.size=2 x m5.xlarge"],
    ),
    warn("a rule warns", &[DEAR], &[], &[("a rules.dear", "", "")]),
    deny(
        "denials go before warnings",
        &[DEAR, BIG],
        &[],
        &[
            ("b rules.big-clusters-are-spot", "", ""),
            ("a rules.dear", "", ""),
        ],
    ),
    deny(
        "a tag that is not there cannot be evaluated, and denies",
        &[OWNED],
        &[bare!("")],
        &[("a rules.owned", "", "")],
    ),
    allow(
        "the tag is there",
        &[OWNED],
        &[bare!("tags: { owner: ana }\n")],
    ),
    deny(
        "a warning that cannot be evaluated denies as well",
        &[DEAR],
        &["cluster.size=3 x m5.gigantic"],
        &[("a rules.dear", "", "")],
    ),
    deny(
        "a rule over several lines, and one after it",
        &["rules:
  - name: notebooks
    warn_when: >-
      stack.guardrails.when_done == \"keep\"
      && stack.guardrails.idle_minutes >= 10
    message: a cluster that is kept should end soon
  - name: region
    deny_when: stack.region.startsWith(\"us-\")
    message: |
      not in the United States.
      Ask Ana."],
        &[],
        &[("a rules.region", "", ""), ("a rules.notebooks", "", "")],
    ),
    deny(
        "who asks",
        &["rules:
  - name: by-people
    deny_when: caller.contains(\"assumed-role/Dev\")
    message: developers use the pipeline"],
        &[],
        &[("a rules.by-people", "", "")],
    ),
];

const ONE_NODE: &str = "limits:\n  nodes: 1";

/// A limit of one node for some.
macro_rules! only {
    ($for:literal) => {
        concat!("applies_to: ", $for, "\nlimits:\n  nodes: 1")
    };
}

const FOR: &[Case] = &[
    deny(
        "a policy for all",
        &[ONE_NODE],
        &[bare!("")],
        &[("a limits.nodes", "3", "1")],
    ),
    deny(
        "a policy for the stack's team",
        &[only!("{ teams: [ads, recsys] }")],
        &[],
        &[("a limits.nodes", "3", "1")],
    ),
    allow(
        "a policy for another team",
        &[only!("{ teams: [ads] }")],
        &[],
    ),
    allow(
        "a policy for a team, and a stack of none",
        &[only!("{ teams: [recsys] }")],
        &[bare!("")],
    ),
    deny(
        "a policy for stacks by a pattern",
        &[only!("{ stacks: [weekly, \"nightly-*\"] }")],
        &[],
        &[("a limits.nodes", "3", "1")],
    ),
    allow(
        "a policy for other stacks",
        &[only!("{ stacks: [nightly, \"*-film\"] }")],
        &[],
    ),
    allow(
        "a policy of which only the team fits",
        &[only!("{ teams: [recsys], stacks: [\"weekly-*\"] }")],
        &[],
    ),
    allow(
        "a policy of which only the stack fits",
        &[only!("{ teams: [ads], stacks: [\"nightly-*\"] }")],
        &[],
    ),
];

#[test]
fn rules() {
    insta::assert_snapshot!(shown(RULES));
}

#[test]
fn a_policy_applies_to_its_scope() {
    insta::assert_snapshot!(shown(FOR));
}
