//! The meter and the deadline against bills computed by hand.

use crate::{at, life, usd};
use clusterup::cost::budget::deadline;
use clusterup::cost::meter::{accrued, rate};
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::rates::Rates;
use clusterup::model::span::Span;

/// $0.36/h of the primary, which is $0.0001 a second; $0.72/h of each core node.
fn rates() -> Rates {
    let text = "primary=0.3+0.05+0.005+0.005 core=0.6+0.1+0.015+0.005";
    text.parse().unwrap()
}

fn total(instance_spans: &[InstanceSpan], seconds: i64) -> Usd {
    accrued(&rates(), instance_spans, at(seconds)).total
}

#[test]
fn seconds_count_and_sixty_at_least() {
    let one = [life(Role::Primary, 0, None, 1)];
    for (now, dollars) in [
        (-1, "0"),
        (0, "0.006"),
        (59, "0.006"),
        (61, "0.0061"),
        (3600, "0.36"),
    ] {
        assert_eq!(total(&one, now), usd(dollars), "{now}");
    }
    let short = [life(Role::Primary, 0, Some(10), 1)];
    assert_eq!(total(&short, 3600), usd("0.006"));
    let begun = at(60) + chrono::TimeDelta::milliseconds(1);
    assert_eq!(accrued(&rates(), &one, begun).total, usd("0.0061"));
}

#[test]
fn a_bill_says_what_was_paid_for() {
    let instance_spans = [
        life(Role::Primary, 0, None, 1),
        life(Role::Core, 0, None, 2),
    ];
    let bill = accrued(&rates(), &instance_spans, at(7200));
    assert_eq!(bill.ec2, usd("3"));
    assert_eq!(bill.emr, usd("0.5"));
    assert_eq!(bill.ebs, usd("0.07"));
    assert_eq!(bill.ipv4, usd("0.03"));
    assert_eq!(bill.total, usd("3.6"));
}

#[test]
fn a_resize_in_mid_life() {
    // Two core nodes for an hour, then four, then one; 1.8 + 3.24 + 1.08 dollars.
    let instance_spans = [
        life(Role::Primary, 0, Some(10_800), 1),
        life(Role::Core, 0, Some(10_800), 1),
        life(Role::Core, 0, Some(7_200), 1),
        life(Role::Core, 3_600, Some(7_200), 2),
    ];
    assert_eq!(total(&instance_spans, 3_600 - 1), usd("1.7995"));
    assert_eq!(total(&instance_spans, 7_200), usd("5.04"));
    assert_eq!(total(&instance_spans, 90_000), usd("6.12"));
    assert_eq!(rate(&rates(), &instance_spans, at(1)), usd("1.8"));
    assert_eq!(rate(&rates(), &instance_spans, at(3_600)), usd("3.24"));
    assert_eq!(rate(&rates(), &instance_spans, at(7_200)), usd("1.08"));
    assert_eq!(rate(&rates(), &instance_spans, at(10_800)), Usd::ZERO);
}

#[test]
fn a_cluster_that_failed_in_bootstrap_is_paid_for() {
    let instance_spans = [
        life(Role::Primary, 0, Some(400), 1),
        life(Role::Core, 5, Some(30), 2),
    ];
    assert_eq!(total(&instance_spans, 100_000), usd("0.064"));
}

#[test]
fn a_role_that_came_later_is_not_free() {
    let instance_spans = [life(Role::Task, 0, None, 1)];
    assert_eq!(rate(&rates(), &instance_spans, at(1)), usd("0.72"));
}

#[test]
fn clocks_that_go_back_do_not() {
    // Five hours over the end of summer time, whatever the wall says.
    let instance_spans = [life(Role::Primary, 0, None, 1)];
    assert_eq!(total(&instance_spans, 5 * 3_600), usd("1.8"));
}

#[test]
fn the_deadline_leaves_room_for_the_end() {
    let instance_spans = [life(Role::Primary, 0, None, 1)];
    let ending = Span::from_secs;
    let by = |budget, ending| deadline(&rates(), &instance_spans, usd(budget), ending);
    // $0.36 are spent after 3600 seconds, so 3599 are under it.
    assert_eq!(by("0.36", ending(0)), Some(at(3_599)));
    assert_eq!(by("0.36", ending(300)), Some(at(3_299)));
    // Too dear from the beginning, and never.
    assert_eq!(by("0.001", ending(300)), Some(at(0)));
    assert_eq!(by("1000000000", ending(300)), None);
    assert_eq!(deadline(&rates(), &[], usd("1"), ending(300)), None);
    let over = [life(Role::Primary, 0, Some(100), 1)];
    assert_eq!(deadline(&rates(), &over, usd("1"), ending(300)), None);
}

#[test]
fn a_larger_cluster_has_an_earlier_deadline() {
    let ending = Span::from_secs(0);
    let mut instance_spans = vec![life(Role::Primary, 0, None, 1)];
    instance_spans.push(life(Role::Core, 1_800, None, 1));
    // $0.18 in the first half hour, then $1.08/h.
    let by = deadline(&rates(), &instance_spans, usd("0.72"), ending);
    assert_eq!(by, Some(at(3_599)));
}
