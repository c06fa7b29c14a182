//! Requests to move a deadline, under the same limits.

use crate::at;
use crate::hours::cluster;
use crate::table::{check_pass, policies, reason};
use clusterup::model::extension::Extension;
use clusterup::model::money::Usd;
use clusterup::model::span::Span;

const STRICT: &str = "limits:\n  run_cost: $5\n  max_lifetime: 4h";
const LOOSE: &str = "limits:\n  run_cost: $50\n  max_lifetime: 40h";

fn extension(max_lifetime: Option<&str>, budget: Option<&str>) -> Extension {
    Extension {
        at: at("2026-11-21T12:00:00"),
        max_lifetime: max_lifetime.map(|text| text.parse::<Span>().unwrap()),
        budget: budget.map(|text| text.parse::<Usd>().unwrap()),
        by: "ana@here".into(),
        why: "it is not done".into(),
    }
}

fn message(max_lifetime: Option<&str>, budget: Option<&str>) -> String {
    let cluster = cluster("2026-11-21T10:00:00", "10h");
    let policies = policies(&[LOOSE, STRICT]);
    let found = policies.extended(&cluster, &extension(max_lifetime, budget));
    for finding in &found {
        check_pass("a moved deadline", finding);
    }
    found.iter().map(reason).collect()
}

#[test]
fn a_deadline_is_moved_up_to_the_strictest_limit() {
    assert_eq!(message(Some("4h"), Some("$5")), "");
    assert_eq!(message(None, Some("$4.99")), "");
    insta::assert_snapshot!(message(Some("4h1s"), Some("$5.01")));
}
