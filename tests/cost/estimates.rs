//! Estimates against sums computed by hand.

use crate::{cluster, estimate, group, usd};
use clusterup::cost::catalog::Note;
use clusterup::cost::compare::Comparison;
use clusterup::cost::estimate::{ComponentKind, Unit, Unpriced};
use clusterup::model::instance_span::Role;
use clusterup::model::memory::Memory;
use clusterup::model::money::Usd;
use clusterup::model::root_volume::RootVolume;
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
        iops: None,
        throughput: None,
    });
    let cluster = estimate("us-east-1", &groups);
    let data = &cluster.groups[0].components[2];
    assert_eq!((data.quantity, data.unit_price), (200, usd("0.08")));
    assert_eq!(cents(data.hourly, 6), Decimal::new(21_918, 6));
}

#[test]
fn the_speed_of_volumes_is_priced_above_what_is_included() {
    let volume = |iops, throughput| Ebs {
        kind: VolumeKind::Gp3,
        size: Memory::from_mib(100 * 1024),
        volumes: 2,
        iops,
        throughput,
    };
    let mut groups = cluster(2, "m5.xlarge");
    groups.core.as_mut().unwrap().ebs = Some(volume(None, None));
    let plain = estimate("us-east-1", &groups);
    groups.core.as_mut().unwrap().ebs = Some(volume(Some(3_000), Some(125)));
    assert_eq!(estimate("us-east-1", &groups).hourly, plain.hourly);
    groups.core.as_mut().unwrap().ebs = Some(volume(Some(4_000), Some(225)));
    groups.root_volume = Some(RootVolume {
        size: Memory::from_mib(50 * 1024),
        iops: Some(3_500),
        throughput: None,
    });
    let fast = estimate("us-east-1", &groups);
    let parts = plain.groups.iter().flat_map(|group| &group.components);
    let kinds: Vec<_> = parts.map(|part| part.kind).collect();
    assert!(!kinds.contains(&ComponentKind::VolumeIops));
    assert!(!kinds.contains(&ComponentKind::VolumeThroughput));
    let of = |kind: ComponentKind| {
        let all = fast.groups.iter().flat_map(|group| &group.components);
        let all = all.filter(|part| part.kind == kind);
        all.map(|part| (part.quantity, part.unit_price))
            .collect::<Vec<_>>()
    };
    // Of the primary its root volume alone; of two core nodes two data volumes each as well.
    let price = usd("0.005");
    assert_eq!(
        of(ComponentKind::VolumeIops),
        [(500, price), (2 * 2_500, price)]
    );
    assert_eq!(
        of(ComponentKind::VolumeThroughput),
        [(2 * 200, usd("0.04"))]
    );
    assert_eq!(
        of(ComponentKind::RootVolume),
        [(50, usd("0.08")), (100, usd("0.08"))]
    );
    // 5500 IOPS at $0.005, 400 MiB/s at $0.04 and 105 GiB at $0.08, each for a month of 730 hours.
    let more = fast.hourly.amount() - plain.hourly.amount();
    assert_eq!(more.round_dp(5), Decimal::new(7_110, 5));
    let rates = fast.rates().unwrap();
    assert_eq!(rates.of(Role::Core).total(), fast.groups[1].node_hourly);
    // The throughput of both kinds of volumes adds up.
    if let Some(root) = &mut groups.root_volume {
        root.throughput = Some(135);
    }
    let faster = estimate("us-east-1", &groups);
    let core = faster.groups[1].components.iter();
    let quantity = core.filter(|part| part.kind == ComponentKind::VolumeThroughput);
    assert_eq!(quantity.map(|part| part.quantity).sum::<u64>(), 2 * 210);
}

#[test]
fn hard_disks_have_a_price_in_each_region_of_gp3() {
    for region in ["us-east-1", "eu-central-2", "sa-east-1", "us-gov-west-1"] {
        let mut groups = cluster(0, "m5.xlarge");
        let volume = |kind| Ebs {
            kind,
            size: Memory::from_mib(500 * 1024),
            volumes: 1,
            iops: None,
            throughput: None,
        };
        groups.primary.ebs = Some(volume(VolumeKind::Gp3));
        let gp3 = estimate(region, &groups).hourly;
        groups.primary.ebs = Some(volume(VolumeKind::St1));
        assert!(estimate(region, &groups).hourly < gp3, "{region}");
    }
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
