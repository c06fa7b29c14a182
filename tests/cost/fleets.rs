//! Estimates and worst mixes of fleets and of clusters that EMR scales.

use crate::{at, cluster, estimate, group, usd};
use clusterup::cost::budget::deadline;
use clusterup::cost::meter::{accrued, rate};
use clusterup::guard::Terms;
use clusterup::model::desired::InstanceGroups;
use clusterup::model::instance::InstanceType;
use clusterup::model::instance_fleet::{Fleet, FleetType, Scaling};
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::rates::Rates;
use clusterup::model::span::Span;
use clusterup::model::stack::{Guardrails, InstanceGroup};
use clusterup::model::worst_mix::{most_instances, spans};
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;

const TYPES: [&str; 6] = [
    "m5.xlarge",
    "m5.2xlarge",
    "m5.4xlarge",
    "r5.xlarge",
    "c5.2xlarge",
    "m5d.xlarge",
];

pub(crate) fn fleet(types: &[(&str, u16)], on_demand: u16, spot: u16) -> InstanceGroup {
    let of = |(name, weight): &(&str, u16)| FleetType {
        instance_type: name.parse().unwrap(),
        weight: *weight,
    };
    let fleet = Fleet {
        types: types.iter().map(of).collect(),
        on_demand,
        spot,
        allocation: None,
        spot_timeout: None,
    };
    let count = fleet.units().div_ceil(types[0].1).max(1);
    InstanceGroup {
        bid: None,
        fleet: Some(fleet),
        ..group(&format!("{count} x {}", types[0].0))
    }
}

fn scaled(mut groups: InstanceGroups, to: u16, core_at_most: Option<u16>) -> InstanceGroups {
    groups.scaling = Some(Scaling {
        from: 2,
        to,
        on_demand_at_most: None,
        core_at_most,
    });
    groups
}

fn rates(groups: &InstanceGroups) -> Rates {
    estimate("us-east-1", groups).rates().unwrap()
}

/// The figures of an estimate by role: number, type and $/h of each part of the mix.
fn figures(groups: &InstanceGroups) -> Vec<(Role, String, Usd)> {
    let estimate = estimate("us-east-1", groups);
    let of = estimate.groups.iter();
    of.map(|it| (it.role, it.nodes.to_string(), it.hourly))
        .collect()
}

#[test]
fn a_fleet_of_one_type_costs_what_a_group_does() {
    let plain = cluster(4, "m5.xlarge");
    for (on_demand, spot) in [(4, 0), (0, 4), (1, 3)] {
        let mut fleets = plain.clone();
        fleets.primary = fleet(&[("m5.xlarge", 1)], 1, 0);
        fleets.core = Some(fleet(&[("m5.xlarge", 1)], on_demand, spot));
        assert_eq!(figures(&fleets), figures(&plain));
        let (one, other) = (
            estimate("us-east-1", &fleets),
            estimate("us-east-1", &plain),
        );
        assert_eq!((one.hourly, one.as_of), (other.hourly, other.as_of));
        let (of_fleet, of_group) = (rates(&fleets), rates(&plain));
        assert_eq!(
            (of_fleet.primary, of_fleet.core),
            (of_group.primary, of_group.core)
        );
        let worst = |groups: &InstanceGroups| {
            let guardrails = Guardrails {
                budget: Some(usd("3")),
                ..Guardrails::default()
            };
            let rates = Some(rates(groups));
            let ending = Span::from_secs(1_200);
            Terms::ahead(&guardrails, groups, rates, ending, at(0)).deadline()
        };
        assert_eq!(worst(&fleets), worst(&plain));
        assert_eq!(most_instances(&fleets), 5);
    }
}

#[test]
fn the_estimate_of_a_fleet_is_its_dearest_mix() {
    let mut groups = cluster(0, "m5.xlarge");
    groups.core = Some(fleet(&[("m5.xlarge", 1), ("m5.4xlarge", 4)], 0, 8));
    let m5 = estimate("us-east-1", &cluster(1, "m5.xlarge")).groups[1].hourly;
    let m5_4 = estimate("us-east-1", &cluster(1, "m5.4xlarge")).groups[1].hourly;
    let figures = figures(&groups);
    assert_eq!(
        figures[1],
        (Role::Core, "7 x m5.xlarge".to_owned(), m5.times(7.into()))
    );
    assert_eq!(figures[2], (Role::Core, "1 x m5.4xlarge".to_owned(), m5_4));
    let rates = rates(&groups);
    // A span without a type counts as the dearest.
    assert_eq!(rates.core.unwrap().total(), m5_4);
    assert_eq!(rates.types.len(), 2);
    let key = (Role::Core, "m5.xlarge".parse::<InstanceType>().unwrap());
    assert_eq!(rates.types[&key].total(), m5);
    assert_eq!(most_instances(&groups), 1 + 8);
}

#[test]
fn a_scaled_cluster_costs_its_largest_size_at_most() {
    let m5 = estimate("us-east-1", &cluster(0, "m5.xlarge")).hourly;
    let r5 = estimate("us-east-1", &cluster(0, "r5.xlarge")).hourly;
    assert!(r5 > m5);
    let groups = scaled(cluster(2, "m5.xlarge"), 10, None);
    let estimated = estimate("us-east-1", &groups);
    assert_eq!(estimated.hourly, m5.times(11.into()));
    assert_eq!(estimated.least_hourly, Some(m5.times(3.into())));
    assert_eq!(most_instances(&groups), 11);
    let with = |core: &str, task: &str, core_at_most| {
        let mut groups = scaled(cluster(2, "m5.xlarge"), 10, core_at_most);
        groups.core = Some(group(core));
        groups.task = Some(group(task));
        estimate("us-east-1", &groups).hourly
    };
    // The dearer of core and task nodes, as many as there may be.
    let (core, task) = ("2 x r5.xlarge", "1 x m5.xlarge");
    assert_eq!(with(core, task, None), m5 + r5.times(10.into()));
    assert_eq!(
        with(core, task, Some(4)),
        m5 + r5.times(4.into()) + m5.times(6.into())
    );
    assert_eq!(
        with("2 x m5.xlarge", "1 x r5.xlarge", Some(4)),
        m5 + r5.times(10.into())
    );
    // A stack that starts larger than it may be scaled to costs its own size.
    assert_eq!(with("8 x r5.xlarge", "4 x m5.xlarge", Some(4)), {
        m5 + r5.times(8.into()) + m5.times(4.into())
    });
    let plain = estimate("us-east-1", &cluster(2, "m5.xlarge"));
    assert_eq!(plain.least_hourly, None);
}

/// Types with weights, and targets.
fn any_fleet() -> impl Strategy<Value = (Vec<(&'static str, u16)>, u16, u16)> {
    let names = proptest::sample::subsequence(TYPES.to_vec(), 1..=TYPES.len());
    let weights = proptest::collection::vec(1..6_u16, TYPES.len());
    let types = (names, weights).prop_map(|(names, weights)| names.into_iter().zip(weights));
    (types.prop_map(Iterator::collect), 0..12_u16, 0..12_u16)
}

/// What EMR has launched after these choices: it buys for one target while that is not filled.
fn launch(types: &[(&str, u16)], targets: &[u16], choices: &[(usize, usize)]) -> Vec<InstanceType> {
    let mut filled = vec![0; targets.len()];
    let mut launched = Vec::new();
    for (target, of) in choices {
        let target = target % targets.len().max(1);
        if targets
            .get(target)
            .is_none_or(|target_units| filled[target] >= *target_units)
        {
            continue;
        }
        let (name, weight) = types[of % types.len()];
        filled[target] += weight;
        launched.push(name.parse().unwrap());
    }
    launched
}

fn hourly(rates: &Rates, role: Role, launched: &[InstanceType]) -> Usd {
    launched
        .iter()
        .map(|of| rates.of_type(role, of).total())
        .sum()
}

fn worst(groups: &InstanceGroups, rates: &Rates) -> Usd {
    rate(rates, &spans(groups, Some(rates), at(0), None), at(0))
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 256))]
    #[test]
    fn no_launch_within_the_targets_costs_more_than_the_worst_mix(
        (types, on_demand, spot) in any_fleet(),
        choices in proptest::collection::vec((0..2_usize, 0..6_usize), 0..40),
    ) {
        let mut groups = cluster(0, "m5.xlarge");
        groups.core = Some(fleet(&types, on_demand, spot));
        let rates = rates(&groups);
        let launched = launch(&types, &[on_demand, spot], &choices);
        let lives = rates.primary.total() + hourly(&rates, Role::Core, &launched);
        prop_assert!(lives <= worst(&groups, &rates));
        let count = 1 + launched.len();
        prop_assert!(count <= usize::from(most_instances(&groups)));
    }

    #[test]
    fn no_scaling_within_the_limits_costs_more_than_the_worst_mix(
        (core, ..) in any_fleet(), (task, ..) in any_fleet(),
        to in 1..16_u16, share in 0..16_u16, cap in proptest::option::of(1..16_u16),
        core_on_demand in 0..16_u16, task_on_demand in 0..16_u16,
        choices in proptest::collection::vec((0..2_usize, 0..6_usize), 0..60),
    ) {
        let cap = cap.map(|cap| cap.min(to));
        let mut groups = scaled(cluster(0, "m5.xlarge"), to, cap);
        groups.core = Some(fleet(&core, 1, 0));
        groups.task = Some(fleet(&task, 0, 0));
        let rates = rates(&groups);
        let of_core = share.min(to).min(cap.unwrap_or(to));
        let targets = |units: u16, on_demand: u16| [on_demand.min(units), units - on_demand.min(units)];
        let cores = launch(&core, &targets(of_core, core_on_demand), &choices);
        let tasks = launch(&task, &targets(to - of_core, task_on_demand), &choices);
        let lives = rates.primary.total()
            + hourly(&rates, Role::Core, &cores)
            + hourly(&rates, Role::Task, &tasks);
        prop_assert!(lives <= worst(&groups, &rates));
        let count = 1 + cores.len() + tasks.len();
        prop_assert!(count <= usize::from(most_instances(&groups)));
    }

    #[test]
    fn the_least_of_a_fleet_fills_its_units((types, ..) in any_fleet(), units in 1..12_u16) {
        let group = fleet(&types, units, 0);
        let mut groups = cluster(0, "m5.xlarge");
        groups.core = Some(group.clone());
        let rates = rates(&groups);
        let price = |of: &InstanceType| rates.of_type(Role::Core, of).total();
        let fleet = group.fleet.unwrap();
        let least = fleet.cheapest(units, price);
        let dearest: Usd = fleet
            .dearest(&[units], price)
            .iter()
            .map(|(of, count)| price(of).times((*count).into()))
            .sum();
        prop_assert!(least <= dearest);
        for (name, weight) in &types {
            let alone = price(&name.parse().unwrap()).times(units.div_ceil(*weight).into());
            prop_assert!(least <= alone);
        }
    }

    #[test]
    fn a_typed_span_is_charged_at_its_types_rate(
        (types, ..) in any_fleet(), which in 0..6_usize, hours in 1..50_i64,
    ) {
        let mut groups = cluster(0, "m5.xlarge");
        groups.core = Some(fleet(&types, 1, 0));
        let rates = rates(&groups);
        let of: InstanceType = types[which % types.len()].0.parse().unwrap();
        let span = InstanceSpan {
            role: Role::Core,
            from: at(0),
            until: None,
            count: 1,
            instance_type: Some(of.clone()),
        };
        let plain = crate::estimate("us-east-1", &cluster(1, &of.to_string())).groups[1].hourly;
        let bill = accrued(&rates, std::slice::from_ref(&span), at(hours * 3_600)).total;
        prop_assert_eq!(bill.up_to(8), plain.times(hours.into()).up_to(8));
        let budget = plain.times(hours.into());
        let ending = Span::from_secs(0);
        let end = deadline(&rates, &[span], budget, ending).unwrap();
        prop_assert!(end < at(hours * 3_600) && end > at(hours * 3_600 - 10));
    }
}
