//! Estimates against sums computed by hand.

use crate::{cluster, estimate, group, usd};
use clusterup::cost::catalog::Note;
use clusterup::cost::compare::Comparison;
use clusterup::cost::estimate::{ComponentKind, Unit, Unpriced};
use clusterup::model::instance_span::Role;
use clusterup::model::memory::Memory;
use clusterup::model::money::Usd;
use clusterup::model::span::Span;
use clusterup::model::stack::{Ebs, Market, VolumeKind};
use rust_decimal::Decimal;

fn cents(amount: Usd, decimals: u32) -> Decimal {
    amount.amount().round_dp(decimals)
}

#[test]
fn three_m5_xlarge_in_virginia() {
    let cluster = estimate("us-east-1", &cluster(2, "m5.xlarge"));
    let of = |kind: ComponentKind| -> Usd {
        let all = cluster.groups.iter().flat_map(|group| &group.components);
        all.filter(|part| part.kind == kind)
            .map(|part| part.hourly)
            .sum()
    };
    assert_eq!(
        of(ComponentKind::Ec2) + of(ComponentKind::EmrFee),
        usd("0.72")
    );
    assert_eq!(of(ComponentKind::PublicAddress), usd("0.015"));
    // 64 GiB of gp2 and 15 GiB of gp3 for each of three.
    assert_eq!(
        cents(of(ComponentKind::DataVolumes), 6),
        Decimal::new(26_301, 6)
    );
    assert_eq!(
        cents(of(ComponentKind::RootVolume), 6),
        Decimal::new(4_932, 6)
    );
    assert_eq!(cents(cluster.hourly, 3), Decimal::new(766, 3));
    assert_eq!(cluster.notes(), []);
    assert_eq!(cluster.as_of.to_string(), "2024-02-01");
    assert!(cluster.unpriced.contains(&Unpriced::S3));
    let core = &cluster.groups[1];
    assert_eq!(
        (core.role, core.hourly),
        (Role::Core, core.node_hourly.times(2.into()))
    );
    let data = &core.components[2];
    assert_eq!(
        (data.quantity, data.unit, data.unit_price),
        (128, Unit::GibMonth, usd("0.1"))
    );
}

#[test]
fn a_run_and_the_worst_case() {
    let one = estimate("us-east-1", &cluster(0, "m5d.xlarge"));
    let hourly = one.hourly.amount();
    let span = |text: &str| text.parse::<Span>().unwrap();
    assert_eq!(one.run(span("2h")).amount(), hourly * Decimal::TWO);
    assert_eq!(one.run(span("10s")), one.run(span("60s")));
    let worst = one.worst(span("2h"), span("9m"));
    assert_eq!(
        worst.amount().round_dp(12),
        (hourly * Decimal::new(13, 0) / Decimal::from(6)).round_dp(12)
    );
}

#[test]
fn spot_is_priced_on_demand_and_marked() {
    let mut groups = cluster(2, "m5.xlarge");
    let on_demand = estimate("us-east-1", &groups);
    groups.core.as_mut().unwrap().market = Market::Spot;
    let spot = estimate("us-east-1", &groups);
    assert_eq!(spot.hourly, on_demand.hourly);
    assert_eq!(spot.notes(), [Note::SpotAtOnDemand]);
}

#[test]
fn volumes_that_the_stack_names_replace_emrs() {
    let mut groups = cluster(0, "m5.xlarge");
    groups.primary.ebs = Some(Ebs {
        kind: VolumeKind::Gp3,
        size: Memory::from_mib(100 * 1024),
        volumes: 2,
    });
    let cluster = estimate("us-east-1", &groups);
    let data = &cluster.groups[0].components[2];
    assert_eq!((data.quantity, data.unit_price), (200, usd("0.08")));
    assert_eq!(cents(data.hourly, 6), Decimal::new(21_918, 6));
}

#[test]
fn frozen_rates_are_the_estimates() {
    let mut groups = cluster(2, "m5.xlarge");
    groups.task = Some(group("5 x g5.2xlarge"));
    let cluster = estimate("ap-northeast-2", &groups);
    let rates = cluster.rates().unwrap();
    for group in &cluster.groups {
        assert_eq!(rates.of(group.role).total(), group.node_hourly);
        assert_eq!(
            group.node_hourly.times(group.nodes.count.into()),
            group.hourly
        );
    }
    assert_eq!(rates.primary.ec2(), usd("0.236"));
    assert_eq!(rates.primary.emr(), usd("0.048"));
}

#[test]
fn a_change_is_compared_role_by_role() {
    let old = estimate("us-east-1", &cluster(2, "m5.xlarge"));
    let mut groups = cluster(4, "m5.xlarge");
    groups.task = Some(group("1 x m5d.xlarge"));
    let new = estimate("us-east-1", &groups);
    let change = Comparison::of(&old, &new);
    assert_eq!(change.old + change.difference, change.new);
    let roles: Vec<Role> = change.groups.iter().map(|group| group.role).collect();
    assert_eq!(roles, Role::ALL);
    assert_eq!(change.groups[0].difference, Usd::ZERO);
    assert_eq!(change.groups[1].difference, old.groups[1].hourly);
    assert!(change.groups[2].old.is_none());
    let sum: Usd = change.groups.iter().map(|group| group.difference).sum();
    assert_eq!(sum, change.difference);
}
