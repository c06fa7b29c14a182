//! Fleets, scaling and several subnets: what is read, and each mistake at its place.

use clusterup::model::instance_fleet::{Allocation, SpotTimeoutAction};
use clusterup::model::network::SubnetChoice;
use clusterup::model::stack::{Cluster, Market};
use clusterup::text::{Diagnostics, Setting, parse};
use std::path::Path;

fn read(size: &str, more: &str, sets: &[&str]) -> Result<Cluster, Diagnostics> {
    let text = format!(
        "stack: x\nregion: us-east-1\nguardrails: {{ when_done: keep }}\n\
         cluster: {{ release: emr-7.x, size: {size}{more} }}\n"
    );
    let sets: Vec<Setting> = sets.iter().map(|set| set.parse().unwrap()).collect();
    parse("x.yaml", &text, Path::new(""), &sets).map(|stack| stack.cluster)
}

fn cluster(size: &str, more: &str, sets: &[&str]) -> Cluster {
    read(size, more, sets).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Each mistake, with the text at its place.
fn mistakes(size: &str, more: &str) -> Vec<String> {
    let Err(wrong) = read(size, more, &[]) else {
        return Vec::new();
    };
    let all = wrong.iter().map(|found| found.message.clone());
    all.collect()
}

fn core(fleet: &str) -> String {
    format!("{{ primary: m5.xlarge, core: {{ fleet: {{ {fleet} }} }} }}")
}

#[test]
fn a_fleet_has_types_with_weights_and_targets() {
    let read = cluster(
        &core(
            "types: [m5.xlarge, { type: m5.2xlarge, weight: 2 }], on_demand: 1, spot: 8, \
             allocation: price-capacity-optimized, spot_timeout: { after: 10m, then: terminate }",
        ),
        "",
        &[],
    );
    let core = read.core.unwrap();
    let fleet = core.fleet.as_ref().unwrap();
    let types: Vec<_> = fleet.types.iter().map(ToString::to_string).collect();
    assert_eq!(types, ["m5.xlarge", "m5.2xlarge (weight 2)"]);
    assert_eq!((fleet.on_demand, fleet.spot, core.nodes.count), (1, 8, 9));
    assert_eq!(fleet.allocation, Some(Allocation::PriceCapacityOptimized));
    let timeout = fleet.spot_timeout.unwrap();
    assert_eq!(timeout.then, SpotTimeoutAction::Terminate);
    assert_eq!(timeout.after.as_secs(), 600);
    assert_eq!(core.market, Market::OnDemand);
    assert!(read.primary.fleet.is_none());
    // Of the first type, as many as fill the targets.
    let heavy = "types: [{ type: m5.4xlarge, weight: 4 }], spot: 9";
    let read = cluster(&self::core(heavy), "", &[]);
    let core = read.core.unwrap();
    assert_eq!((core.nodes.count, core.market), (3, Market::Spot));
}

#[test]
fn a_setting_reaches_into_fleets_and_scaling() {
    let sets = [
        "cluster.size.core.fleet={ types: [r5.xlarge], spot: 2 }",
        "cluster.size.core.fleet.spot=3",
        "cluster.size.core.fleet.types.0.weight=2",
        "cluster.scaling={ from: 1, to: 9 }",
        "cluster.scaling.to=5",
    ];
    let read = cluster("3 x m5.xlarge", "", &sets);
    let fleet = read.core.unwrap().fleet.unwrap();
    assert_eq!(fleet.to_string(), "3 spot units of r5.xlarge (weight 2)");
    assert_eq!(read.scaling.unwrap().to_string(), "1 to 5");
}

#[test]
fn mistakes_of_fleets_are_reported() {
    let six = "m5.xlarge, m5a.xlarge, m4.xlarge, r5.xlarge, r4.xlarge, c5.xlarge";
    let many: Vec<String> = (0..31).map(|n| format!("m{n}.xlarge")).collect();
    for (fleet, says) in [
        (
            "types: [m5.xlarge]".to_owned(),
            "the fleet buys nothing: its targets are 0",
        ),
        (
            "types: [m5.xlarge], spot: 0, on_demand: 0".to_owned(),
            "the fleet buys nothing: its targets are 0",
        ),
        ("types: [], spot: 1".to_owned(), "`types` is empty"),
        (
            "types: [m5.xlarge, m5.xlarge], spot: 1".to_owned(),
            "`types` has `m5.xlarge` twice",
        ),
        (
            "types: [{ type: m5.xlarge, weight: 2 }, m5.xlarge], spot: 1".to_owned(),
            "`types` has `m5.xlarge` twice",
        ),
        (format!("types: [{six}], spot: 1"), "`types` has 6 items"),
        (
            format!(
                "types: [{}], spot: 1, allocation: diversified",
                many.join(", ")
            ),
            "`types` has 31 items",
        ),
        (
            "types: [{ type: m5.xlarge, weight: 0 }], spot: 1".to_owned(),
            "`weight` cannot be `0`",
        ),
        (
            "types: [{ type: m5.xlarge, weight: 1.5 }], spot: 1".to_owned(),
            "`weight` cannot be `1.5`",
        ),
        (
            "types: [m5], spot: 1".to_owned(),
            "item 1 of `types` cannot be `m5`",
        ),
        (
            "types: [m5.xlarge], spot: -1".to_owned(),
            "`spot` cannot be `-1`",
        ),
        (
            "types: [m5.xlarge], spot: 10001".to_owned(),
            "`spot` cannot be `10001`",
        ),
        (
            "types: [m5.xlarge], spot: 1, allocation: cheapest".to_owned(),
            "`allocation` cannot be `cheapest`",
        ),
        (
            "types: [m5.xlarge], on_demand: 1, allocation: diversified".to_owned(),
            "`diversified` chooses among Spot pools, and `spot` is 0",
        ),
        (
            "types: [m5.xlarge], on_demand: 1, spot_timeout: { after: 10m }".to_owned(),
            "`spot_timeout` needs a target of `spot`",
        ),
        (
            "types: [m5.xlarge], spot: 1, spot_timeout: { after: 4m }".to_owned(),
            "EMR cannot try for 4m",
        ),
        (
            "types: [m5.xlarge], spot: 1, spot_timeout: { after: 25h }".to_owned(),
            "EMR cannot try for 1d1h",
        ),
        (
            "types: [m5.xlarge], spot: 1, spot_timeout: { after: 330s }".to_owned(),
            "EMR cannot try for 5m30s",
        ),
    ] {
        assert_eq!(mistakes(&core(&fleet), ""), [says], "{fleet}");
    }
    for good in [
        format!("types: [{six}], spot: 1, allocation: diversified"),
        format!("types: [{six}], on_demand: 1, allocation: lowest-price"),
        "types: [m5.xlarge], spot: 1, spot_timeout: { after: 5m }".to_owned(),
        "types: [m5.xlarge], spot: 1, spot_timeout: { after: 24h }".to_owned(),
    ] {
        assert_eq!(mistakes(&core(&good), ""), [""; 0], "{good}");
    }
}

#[test]
fn a_role_is_a_fleet_or_has_nodes() {
    for (size, says) in [
        (
            "{ primary: m5.xlarge, core: { fleet: { types: [m5.xlarge], spot: 1 }, market: spot } }",
            "a fleet has no `market`",
        ),
        (
            "{ primary: { fleet: { types: [m5.xlarge], spot: 1 }, market: spot } }",
            "a fleet has no `market`",
        ),
        (
            "{ primary: { fleet: { types: [m5.xlarge], on_demand: 2 } } }",
            "a cluster has one primary, and this buys 2",
        ),
        (
            "{ primary: { fleet: { types: [m5.xlarge], on_demand: 1, spot: 1 } } }",
            "a cluster has one primary, and this buys 2",
        ),
        (
            "{ primary: { fleet: { types: [{ type: m5.xlarge, weight: 2 }], spot: 1 } } }",
            "the types of a primary have no weight",
        ),
        (
            "{ primary: m5.xlarge, core: { ebs: { size: 64g } } }",
            "`core` does not say which machines",
        ),
    ] {
        assert_eq!(mistakes(size, ""), [says], "{size}");
    }
    let both = "{ primary: m5.xlarge, core: { nodes: 1 x m5.xlarge, fleet: { types: [m5.xlarge], spot: 1 } } }";
    assert_eq!(mistakes(both, "").len(), 1);
}

#[test]
fn mistakes_of_scaling_are_reported() {
    let three = "4 x m5.xlarge";
    let fleet = core("types: [m5.xlarge], on_demand: 2, spot: 4");
    for (size, scaling, says) in [
        (three, "to: 4", "`scaling` has no `from`"),
        (three, "from: 0, to: 4", "`from` cannot be `0`"),
        (three, "from: 2, to: 1", "`to` is less than `from`"),
        (
            three,
            "from: 2, to: 4, core_at_most: 5",
            "`core_at_most` is more than `to`",
        ),
        (
            three,
            "from: 2, to: 4, core_at_most: 0",
            "`core_at_most` cannot be `0`",
        ),
        (
            three,
            "from: 2, to: 4, on_demand_at_most: 5",
            "`on_demand_at_most` is more than `to`",
        ),
        (three, "from: 1, to: 10001", "`to` cannot be `10001`"),
        (
            "1 x m5.xlarge",
            "from: 1, to: 4",
            "a cluster without core nodes does not scale",
        ),
        (
            three,
            "from: 4, to: 8",
            "the cluster starts with 3 core and task nodes, and EMR would resize it at once",
        ),
        (
            three,
            "from: 1, to: 2",
            "the cluster starts with 3 core and task nodes, and EMR would resize it at once",
        ),
        (
            three,
            "from: 1, to: 4, core_at_most: 2",
            "the cluster starts with 3 core nodes, and EMR would resize it at once",
        ),
        (
            three,
            "from: 1, to: 4, on_demand_at_most: 2",
            "the cluster starts with 3 on-demand ones, and EMR would resize it at once",
        ),
        (
            fleet.as_str(),
            "from: 1, to: 8, on_demand_at_most: 1",
            "the cluster starts with 2 on-demand ones, and EMR would resize it at once",
        ),
    ] {
        let more = format!(", scaling: {{ {scaling} }}");
        assert_eq!(mistakes(size, &more), [says], "{size} {scaling}");
    }
    for (size, scaling) in [
        (three, "from: 3, to: 3"),
        (
            three,
            "from: 1, to: 10, on_demand_at_most: 3, core_at_most: 3",
        ),
        (fleet.as_str(), "from: 6, to: 6, on_demand_at_most: 2"),
        (
            "{ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, market: spot } }",
            "from: 1, to: 9, on_demand_at_most: 0",
        ),
    ] {
        let more = format!(", scaling: {{ {scaling} }}");
        assert_eq!(mistakes(size, &more), [""; 0], "{size} {scaling}");
    }
}

#[test]
fn several_subnets_are_for_fleets() {
    let [one, two] = ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"];
    let subnets = |list: &str| format!(", network: {{ subnet: {list} }}");
    let fleet = core("types: [m5.xlarge], spot: 4");
    let read = cluster(&fleet, &subnets(&format!("[{one}, {two}]")), &[]);
    let ids = [one, two].map(|id| id.parse().unwrap());
    assert_eq!(read.network.subnet, Some(SubnetChoice::AnyOf(ids.to_vec())));
    // A list of one is that one.
    let read = cluster("3 x m5.xlarge", &subnets(&format!("[{one}]")), &[]);
    assert_eq!(read.network.subnet, Some(SubnetChoice::Id(ids[0].clone())));
    let set = [format!("cluster.network.subnet.id={two}")];
    let read = cluster(
        "3 x m5.xlarge",
        &subnets(one),
        &set.each_ref().map(String::as_str),
    );
    assert_eq!(read.network.subnet, Some(SubnetChoice::Id(ids[1].clone())));
    for (size, list, says) in [
        (
            "3 x m5.xlarge",
            format!("[{one}, {two}]"),
            "`subnet` has 2 subnets, and EMR chooses among several for fleets alone",
        ),
        (
            fleet.as_str(),
            format!("[{one}, {one}]"),
            "`subnet` has `subnet-0a1b2c3d4e5f60718` twice",
        ),
        (fleet.as_str(), "[]".to_owned(), "`subnet` is empty"),
        (
            fleet.as_str(),
            "[subnet-1]".to_owned(),
            "item 1 of `subnet` cannot be `subnet-1`",
        ),
        (
            fleet.as_str(),
            "[{ tags: { Name: emr } }]".to_owned(),
            "item 1 of `subnet` has to be a single value",
        ),
    ] {
        let found = mistakes(size, &subnets(&list));
        assert_eq!(found.len(), 1, "{list}: {found:?}");
        assert!(
            found[0].starts_with(says) || list.contains("tags"),
            "{list}: {found:?}"
        );
    }
}
