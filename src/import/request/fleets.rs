//! Instance fleets.

use super::machines::{EMPTY, PRIMARY};
use super::{Entry, volumes};
use crate::import::at::At;
use crate::import::yaml::Yaml;

/// The machines of a role as a fleet.
pub(super) fn fleet(at: &At<'_>, role: &'static str, is_scaled: bool) -> Option<Yaml> {
    let types = types(at, role);
    if types.is_empty() {
        at.fatal("a fleet without instance types");
        return None;
    }
    let (on_demand, on_demand_at) = target(at, "TargetOnDemandCapacity");
    let (spot, spot_at) = target(at, "TargetSpotCapacity");
    if on_demand.saturating_add(spot) == 0 {
        if is_scaled {
            at.fatal(EMPTY);
        } else {
            at.lost("a stack names no fleet that buys nothing");
        }
        return None;
    }
    let mut entries = vec![("types", Yaml::list(types).fixed())];
    for (key, number, place) in [
        ("on_demand", on_demand, on_demand_at),
        ("spot", spot, spot_at),
    ] {
        if number > 0 {
            let target = Yaml::plain(number).fixed();
            entries.push((
                key,
                match &place {
                    Some(place) => target.from(place),
                    None => target,
                },
            ));
        }
    }
    if let Some(launch) = at.get("LaunchSpecifications") {
        entries.extend(bought(&launch, spot > 0));
    }
    let fleet = Yaml::map(entries).fixed();
    let configured = at.list("InstanceTypeConfigs");
    let has_disks = |of: &At<'_>| !of.list("EbsBlockDeviceConfigs").is_empty();
    let disks = configured
        .iter()
        .filter_map(|of| of.get("EbsConfiguration"));
    let disks: Vec<At<'_>> = disks.filter(has_disks).collect();
    if disks.len() < configured.len() {
        disks.iter().for_each(|disks| disks.fatal(volumes::ALIKE));
    }
    let mut both = vec![("fleet", fleet)];
    both.extend(volumes::read(&disks));
    Some(Yaml::map(both))
}

fn target<'r>(at: &At<'r>, key: &str) -> (u64, Option<At<'r>>) {
    let target = at.get(key);
    let number = target.as_ref().and_then(At::number).unwrap_or(0);
    target.iter().for_each(At::carry);
    (number, target)
}

/// The types in the order of their priorities, if they have some.
fn types(at: &At<'_>, role: &str) -> Vec<Yaml> {
    let mut all = at.list("InstanceTypeConfigs");
    let priority = |of: &At<'_>| {
        let priority = of.get("Priority")?;
        let number = priority.text()?.parse::<f64>().ok()?;
        priority.carry();
        Some(number)
    };
    all.sort_by(|one, other| {
        let both = priority(one)
            .unwrap_or(0.0)
            .total_cmp(&priority(other).unwrap_or(0.0));
        both.then_with(|| one.path().cmp(other.path()))
    });
    all.iter().filter_map(|of| one_type(of, role)).collect()
}

fn one_type(at: &At<'_>, role: &str) -> Option<Yaml> {
    at.get("Priority").iter().for_each(At::carry);
    let name = at.get("InstanceType");
    let Some(text) = name.as_ref().and_then(At::text) else {
        at.fatal("a type without its name");
        return None;
    };
    let weight = at.get("WeightedCapacity");
    let number = weight.as_ref().and_then(At::number).unwrap_or(1);
    [&name, &weight].into_iter().flatten().for_each(At::carry);
    // EMR's own limit for the Spot price is the on-demand price.
    let most = at.get("BidPriceAsPercentageOfOnDemandPrice");
    if let Some(most) = most
        && most.number() == Some(100)
    {
        most.carry();
    }
    let instance_type = Yaml::text(&text);
    if number == 1 || role == PRIMARY {
        return Some(instance_type.from(at));
    }
    let weighted = vec![
        ("type", instance_type.fixed()),
        ("weight", Yaml::plain(number).fixed()),
    ];
    Some(Yaml::map(weighted).from(at))
}

const LOWEST: &str = "EMR buys on-demand machines of a stack at the lowest price";

/// How the fleet is bought. On-demand machines have one strategy, the lowest price, which clusterup asks
/// for where `allocation` is set.
fn bought(launch: &At<'_>, has_spot: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    let on_demand = launch.get("OnDemandSpecification");
    let lowest = on_demand.and_then(|of| of.get("AllocationStrategy"));
    let is_lowest = lowest.as_ref().and_then(At::text).as_deref() == Some("lowest-price");
    let Some(spot) = launch.get("SpotSpecification").filter(|_| has_spot) else {
        if let Some(lowest) = lowest {
            if !is_lowest {
                lowest.fatal(LOWEST);
            } else if has_spot {
                // It is not to change how Spot machines are bought.
                lowest.lost(LOWEST);
            } else {
                lowest.carry();
                entries.push(("allocation", Yaml::text("lowest-price").from(&lowest)));
            }
        }
        if let Some(spot) = launch.get("SpotSpecification") {
            spot.lost("the fleet buys nothing on Spot");
        }
        return entries;
    };
    if let Some(lowest) = lowest {
        if is_lowest {
            lowest.carry();
        } else {
            lowest.fatal(LOWEST);
        }
    }
    let strategy = spot.get("AllocationStrategy");
    if let Some(strategy) = strategy
        && let Some(allocation) = strategy.to_yaml()
    {
        entries.push(("allocation", allocation));
    }
    entries.extend(timeout(&spot));
    entries
}

fn timeout(spot: &At<'_>) -> Option<Entry> {
    let after = spot.get("TimeoutDurationMinutes")?;
    let minutes = after.number()?;
    after.carry();
    let mut entries = vec![("after", Yaml::plain(format!("{minutes}m")).fixed())];
    if let Some(action) = spot.get("TimeoutAction") {
        let then = match action.text()?.as_str() {
            "SWITCH_TO_ON_DEMAND" => "on-demand",
            "TERMINATE_CLUSTER" => "terminate",
            _ => {
                action.fatal("expected SWITCH_TO_ON_DEMAND or TERMINATE_CLUSTER");
                return None;
            }
        };
        action.carry();
        entries.push(("then", Yaml::plain(then).fixed()));
    }
    Some(("spot_timeout", Yaml::map(entries).from(spot)))
}
