//! Properties of every meter and every deadline.

use crate::{at, cluster, estimate, group, life, usd};
use clusterup::cost::budget::deadline;
use clusterup::cost::meter::{accrued, rate};
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::rates::{NodeRate, Rates};
use clusterup::model::span::Span;
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;
use rust_decimal::Decimal;

const DAY: i64 = 86_400;

fn any_node() -> impl Strategy<Value = NodeRate> {
    proptest::array::uniform4(1..2_000_000_000_i64).prop_map(|parts| {
        let [a, b, c, d] = parts.map(|part| Usd::new(Decimal::new(part, 8)));
        NodeRate::new(a, b, c, d)
    })
}

fn any_rates() -> impl Strategy<Value = Rates> {
    let role = || proptest::option::of(any_node());
    (any_node(), role(), role()).prop_map(|(primary, core, task)| Rates {
        primary,
        core,
        task,
        types: Default::default(),
    })
}

fn any_life() -> impl Strategy<Value = InstanceSpan> {
    let role = proptest::sample::select(&Role::ALL);
    let length = proptest::option::of(0..DAY);
    (role, 0..DAY, length, 1..50_u16).prop_map(|(role, from, length, count)| {
        life(role, from, length.map(|length| from + length), count)
    })
}

fn any_lives() -> impl Strategy<Value = Vec<InstanceSpan>> {
    proptest::collection::vec(any_life(), 0..8)
}

/// Twenty-eight digits are not quite enough for thirds.
fn nearly(one: Usd, other: Usd) -> bool {
    (one - other).amount().abs() < Decimal::new(1, 15)
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 256))]
    #[test]
    fn dollars_never_fall(
        rates in any_rates(), instance_spans in any_lives(), now in -DAY..3 * DAY, later in 0..DAY,
    ) {
        let (before, after) = (
            accrued(&rates, &instance_spans, at(now)).total,
            accrued(&rates, &instance_spans, at(now + later)).total,
        );
        prop_assert!(before <= after);
    }

    #[test]
    fn groups_add_up(
        rates in any_rates(), some in any_lives(), more in any_lives(), now in 0..2 * DAY,
    ) {
        let all = [some.clone(), more.clone()].concat();
        let total = |instance_spans: &[InstanceSpan]| accrued(&rates, instance_spans, at(now)).total;
        prop_assert!(nearly(total(&all), total(&some) + total(&more)));
        let hourly = |instance_spans: &[InstanceSpan]| rate(&rates, instance_spans, at(now));
        prop_assert_eq!(hourly(&all), hourly(&some) + hourly(&more));
    }

    #[test]
    fn an_old_cluster_accrues_at_its_rate(
        rates in any_rates(), instance_spans in any_lives(), seconds in 0..DAY,
    ) {
        let now = 3 * DAY;
        let spent = accrued(&rates, &instance_spans, at(now + seconds)).total
            - accrued(&rates, &instance_spans, at(now)).total;
        let hourly = rate(&rates, &instance_spans, at(now));
        let expected = hourly.amount() * Decimal::from(seconds) / Decimal::from(3_600);
        prop_assert!(nearly(spent, Usd::new(expected)));
    }

    /// Nodes come late and die early, one in each place is replaced, and all are gone when the
    /// termination after the hard deadline is over.
    #[test]
    fn no_bill_is_above_the_worst_case(
        core in 1..30_u16, task in 1..30_u16, limit in 1..DAY, ending in 0..1_800_i64,
        places in proptest::collection::vec((0..DAY, 0..DAY, 0..DAY), 1..60),
    ) {
        let mut groups = cluster(core, "m5.xlarge");
        groups.task = Some(group(&format!("{task} x r6g.2xlarge")));
        let plan = estimate("eu-west-1", &groups);
        let end = limit + ending;
        let nodes = [(Role::Primary, 1), (Role::Core, core), (Role::Task, task)];
        let nodes = nodes.into_iter().flat_map(|(role, count)| vec![role; count.into()]);
        let mut instance_spans = Vec::new();
        for (role, (from, one, other)) in nodes.zip(places) {
            let from = from.min(end);
            let replaced = (from + one).min(end);
            instance_spans.push(life(role, from, Some(replaced), 1));
            if replaced + 60 <= end {
                instance_spans.push(life(role, replaced, Some((replaced + other).min(end)), 1));
            }
        }
        let span = |seconds: i64| Span::from_secs(seconds.unsigned_abs());
        let worst = plan.worst(span(limit), span(ending));
        let bill = accrued(&plan.rates().unwrap(), &instance_spans, at(5 * DAY)).total;
        prop_assert!(bill <= worst, "{bill} > {worst}");
    }

    /// A cluster that ends at its deadline is below the budget; a second later it would not be.
    #[test]
    fn the_deadline_keeps_the_budget(
        rates in any_rates(), instance_spans in any_lives(), cents in 1..10_000_000_i64,
        takes in 0..1_800_u64,
    ) {
        let budget = Usd::new(Decimal::new(cents, 2));
        let ending = Span::from_secs(takes);
        let ended = |instant: chrono::DateTime<chrono::Utc>| {
            let gone = instant + ending.delta();
            let cut = |life: &InstanceSpan| InstanceSpan {
                until: Some(life.until.map_or(gone, |until| until.min(gone))),
                ..life.clone()
            };
            let instance_spans: Vec<InstanceSpan> =
                instance_spans.iter().filter(|life| life.from <= gone).map(cut).collect();
            accrued(&rates, &instance_spans, at(1_000_000 * DAY)).total
        };
        let first = instance_spans.iter().map(|life| life.from).min();
        match deadline(&rates, &instance_spans, budget, ending) {
            Some(by) => {
                let second = chrono::TimeDelta::seconds(1);
                prop_assert!(ended(by) < budget || Some(by) == first);
                prop_assert!(ended(by + second) >= budget);
            }
            None => {
                let forever = accrued(&rates, &instance_spans, at(3_000 * DAY)).total;
                prop_assert!(forever < budget || first.is_none());
            }
        }
        prop_assert!(usd("0") <= budget);
    }
}
