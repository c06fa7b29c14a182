//! What policies add to a stack: off hours, and ceilings for `extend`.

use crate::table::{policies, stack};
use crate::{at, usd};
use clusterup::guard::{Cause, hard_deadline};
use clusterup::model::desired::{ClusterSpec, InstanceGroups, Worker};
use clusterup::model::memory::Memory;
use clusterup::model::observed::Cluster;
use clusterup::model::span::Span;
use clusterup::model::stack::Guardrails;
use clusterup::policy::CostBound;

const BERLIN: &str = "off_hours: { timezone: Europe/Berlin, terminate: \"Mon-Sun 20:00-07:00\" }";
const NEW_YORK: &str =
    "off_hours: { timezone: America/New_York, terminate: \"Mon-Sun 14:00-23:00\" }";

fn under(guardrails: Guardrails, created: &str) -> Cluster {
    let groups = InstanceGroups::single("m5.xlarge".parse().unwrap());
    let spec = ClusterSpec {
        release: "emr-7.x".parse().unwrap(),
        label: None,
        team: Some("recsys".parse().unwrap()),
        tags: Default::default(),
        size: "1 x m5.xlarge".to_owned(),
        groups,
        workers: 1,
        worker: Worker {
            memory: Memory::from_mib(1024),
            cores: 1,
        },
        key_pair: None,
        security_groups: Vec::new(),
        network: Default::default(),
        emr: Default::default(),
        bootstrap: Vec::new(),
        step_concurrency: 1,
        termination_protection: false,
        python_packages: Vec::new(),
        guardrails,
        rates: Some("primary=0.192+0.048+0+0".parse().unwrap()),
        ending: Span::from_secs(1_200),
        overridden: None,
        budgets: Vec::new(),
    };
    let (id, stack) = ("j-1".parse().unwrap(), "nightly-films".parse().unwrap());
    Cluster::new(id, stack, spec, at(created))
}

pub(crate) fn cluster(created: &str, max_lifetime: &str) -> Cluster {
    let max_lifetime = max_lifetime.parse().unwrap();
    let guardrails = Guardrails {
        max_lifetime,
        ..Guardrails::default()
    };
    under(guardrails, created)
}

#[test]
fn off_hours_are_added_to_a_stack_once() {
    let all = policies(&[BERLIN, NEW_YORK, BERLIN]);
    let own = stack(&["guardrails.off_hours={ timezone: Europe/Berlin, \
                       terminate: \"Mon-Sun 20:00-07:00\" }"]);
    for bare in [stack(&[]), own] {
        let once = all.impose(bare);
        let zones: Vec<String> = (once.guardrails.off_hours.iter())
            .map(|off| off.timezone.to_string())
            .collect();
        assert_eq!(zones, ["Europe/Berlin", "America/New_York"]);
        assert_eq!(all.impose(once.clone()), once);
    }
}

#[test]
fn off_hours_of_other_teams_are_not_added() {
    let theirs = "applies_to: { teams: [ads] }\noff_hours: { timezone: UTC, terminate: Sat-Sun }";
    let bare = stack(&[]);
    assert_eq!(policies(&[theirs]).impose(bare.clone()), bare);
}

#[test]
fn the_smallest_ceiling_caps_the_others_and_none_is_added() {
    let most = policies(&[
        "limits:\n  max_lifetime: 8h\n  run_cost: $20",
        "limits:\n  max_lifetime: 6h\n  run_cost: $30",
    ]);
    let generous = "guardrails.ceiling={ max_lifetime: 12h, budget: $100 }";
    let budget = "guardrails.budget=$3";
    let capped = most.impose(stack(&[budget, generous])).guardrails.ceiling;
    assert_eq!(capped.max_lifetime, Some("6h".parse().unwrap()));
    assert_eq!(capped.budget, Some(usd("20")));
    let modest = "guardrails.ceiling={ max_lifetime: 2h, budget: $4 }";
    let kept = most.impose(stack(&[budget, modest])).guardrails.ceiling;
    assert_eq!(kept.max_lifetime, Some("2h".parse().unwrap()));
    assert_eq!(kept.budget, Some(usd("4")));
    // A stack that may not be extended still may not be.
    let none = most.impose(stack(&[])).guardrails.ceiling;
    assert_eq!((none.max_lifetime, none.budget), (None, None));
}

#[test]
fn the_watchdog_ends_a_cluster_by_its_own_limits_or_those_of_its_policies() {
    let bound = |cluster: &Cluster, limits: &str| {
        let bound = policies(&[&format!("limits:\n  {limits}")]).bound(cluster);
        let dollars = bound.budget.map(|budget| budget.to_string());
        (bound.max_lifetime.to_string(), dollars)
    };
    let plain = cluster("2026-11-21T10:00:00", "10h");
    let whole = CostBound::standing(&plain).unwrap().whole();
    let words =
        |lifetime: &str, budget: Option<&str>| (lifetime.to_owned(), budget.map(str::to_owned));
    assert_eq!(bound(&plain, "max_lifetime: 4h"), words("4h", None));
    assert_eq!(bound(&plain, "max_lifetime: 40h"), words("10h", None));
    // A cluster that costs no more than a run may needs no other budget.
    assert_eq!(
        bound(&plain, &format!("run_cost: {whole}")),
        words("10h", None)
    );
    assert_eq!(bound(&plain, "run_cost: $1"), words("10h", Some("$1.00")));
    let mut dear = cluster("2026-11-21T10:00:00", "100h");
    dear.spec.guardrails.budget = Some(usd("5"));
    assert_eq!(bound(&dear, "run_cost: $1"), words("4d4h", Some("$1.00")));
    assert_eq!(bound(&dear, "run_cost: $9"), words("4d4h", Some("$5.00")));
}

/// When a cluster that is made then ends under the off hours of both zones.
#[track_caller]
fn ends(created: &str, expected: &str) {
    let mut long = stack(&["guardrails.max_lifetime=10d"]);
    long = policies(&[BERLIN, NEW_YORK]).impose(long);
    let hard = hard_deadline(&under(long.guardrails, created));
    assert_eq!((hard.at, hard.cause), (at(expected), Cause::OffHours));
}

#[test]
fn the_earlier_evening_of_two_zones_ends_a_cluster() {
    // Both on standard time: Berlin's 20:00 and New York's 14:00 are one instant, 19:00 UTC.
    ends("2026-01-14T12:00:00", "2026-01-14T19:00:00");
    // America on summer time from 8 March, Europe not before the 29th: New York's is 18:00 UTC.
    ends("2026-03-10T12:00:00", "2026-03-10T18:00:00");
    // On the days of the change themselves.
    ends("2026-03-07T20:00:00", "2026-03-08T18:00:00");
    ends("2026-03-28T20:00:00", "2026-03-29T18:00:00");
    // Both on summer time.
    ends("2026-07-01T12:00:00", "2026-07-01T18:00:00");
    // Europe leaves it on 25 October, America on 1 November: again New York's is first.
    ends("2026-10-24T19:00:00", "2026-10-25T18:00:00");
    ends("2026-10-31T20:00:00", "2026-11-01T19:00:00");
}

#[test]
fn a_cluster_created_in_the_night_of_one_zone_ends_in_the_others_night() {
    // 23:00 in Berlin, 17:00 in New York: within both. Neither ends it before it begins anew.
    ends("2026-01-14T22:00:00", "2026-01-15T19:00:00");
    // 13:30 in New York, where summer time has begun, and 18:30 in Berlin.
    ends("2026-03-10T17:30:00", "2026-03-10T18:00:00");
    // 14:30 in New York, within its hours; Berlin's begin in half an hour.
    ends("2026-03-10T18:30:00", "2026-03-10T19:00:00");
}
