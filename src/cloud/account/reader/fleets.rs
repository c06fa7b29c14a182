//! Converts instance fleets.

use crate::cloud::api::emr::{self, InstanceFleet};
use crate::cost::catalog::Catalog;
use crate::model::instance::{InstanceType, Nodes};
use crate::model::instance_fleet::Fleet;
use crate::model::money::Usd;
use crate::model::name::Region;
use crate::model::stack::{InstanceGroup, Market};
use rust_decimal::Decimal;

/// A fleet as EMR shows it. `None` if it has no type that is known.
pub(super) fn as_group(fleet: &InstanceFleet) -> Option<InstanceGroup> {
    let of = Fleet {
        types: fleet.types.clone(),
        on_demand: fleet.on_demand,
        spot: fleet.spot,
        allocation: None,
        spot_timeout: None,
    };
    Some(InstanceGroup {
        nodes: Nodes {
            count: of.nominal(),
            instance_type: of.types.first()?.instance_type.clone(),
        },
        market: market(fleet),
        ebs: None,
        bid: None,
        fleet: Some(of),
    })
}

/// Replaces the targets of a role by EMR's present ones.
pub(super) fn target(group: &mut InstanceGroup, fleet: &InstanceFleet) {
    match &mut group.fleet {
        Some(own) => {
            (own.on_demand, own.spot) = (fleet.on_demand, fleet.spot);
            group.nodes.count = own.nominal();
        }
        None => group.nodes.count = fleet.on_demand.saturating_add(fleet.spot),
    }
}

const fn market(fleet: &InstanceFleet) -> Market {
    if fleet.on_demand == 0 {
        Market::Spot
    } else {
        Market::OnDemand
    }
}

/// A fleet of a cluster that others created, as instances of the type that costs the most for its
/// weight: which types it has at present takes another call.
pub(super) fn dearest(
    catalog: &Catalog,
    region: &Region,
    fleet: &InstanceFleet,
) -> Option<emr::InstanceGroup> {
    let hourly = |of: &InstanceType| -> Option<Usd> {
        Some(catalog.ec2(region, of).ok()?.usd + catalog.emr(region, of).ok()?.usd)
    };
    let per_unit = |it: &&crate::model::instance_fleet::FleetType| {
        // A type without a price makes the price of the cluster unknown.
        hourly(&it.instance_type).map_or(Decimal::MAX, |usd| {
            usd.amount() / Decimal::from(it.weight.max(1))
        })
    };
    let of = fleet.types.iter().max_by_key(per_unit)?;
    let units = fleet.on_demand.saturating_add(fleet.spot);
    let units = units.max(fleet.provisioned);
    Some(emr::InstanceGroup {
        id: fleet.id.clone(),
        role: fleet.role,
        instance_type: of.instance_type.to_string(),
        market: market(fleet),
        requested: units.div_ceil(of.weight.max(1)),
        running: fleet.provisioned.div_ceil(of.weight.max(1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instance_fleet::FleetType;

    fn fleet(types: &[(&str, u16)], provisioned: u16) -> InstanceFleet {
        let of = |(name, weight): &(&str, u16)| FleetType {
            instance_type: name.parse().unwrap(),
            weight: *weight,
        };
        InstanceFleet {
            id: "if-1".to_owned(),
            role: emr::Role::Task,
            types: types.iter().map(of).collect(),
            on_demand: 1,
            spot: 7,
            provisioned,
        }
    }

    #[test]
    fn a_fleet_counts_as_its_dearest_type() {
        let region = "us-east-1".parse().unwrap();
        let of = |types: &[(&str, u16)], provisioned| {
            let group = dearest(Catalog::bundled(), &region, &fleet(types, provisioned));
            group.map(|group| (group.instance_type, group.requested))
        };
        let found = |name: &str, count| Some((name.to_owned(), count));
        let light = [("m5.xlarge", 1), ("m5.4xlarge", 8)];
        assert_eq!(of(&light, 0), found("m5.xlarge", 8));
        let heavy = [("m5.xlarge", 1), ("m5.4xlarge", 3)];
        assert_eq!(of(&heavy, 9), found("m5.4xlarge", 3));
        assert_eq!(
            of(&[("m5.xlarge", 1), ("zz9.huge", 1)], 0),
            found("zz9.huge", 8)
        );
        assert_eq!(of(&[], 3), None);
    }

    #[test]
    fn targets_are_those_that_emr_shows() {
        let shown = fleet(&[("m5.2xlarge", 2)], 8);
        let mut group = as_group(&shown).unwrap();
        assert_eq!((group.nodes.count, group.units()), (4, 8));
        let more = InstanceFleet { spot: 9, ..shown };
        target(&mut group, &more);
        assert_eq!((group.nodes.count, group.units()), (5, 10));
        group.fleet = None;
        target(&mut group, &more);
        assert_eq!((group.nodes.count, group.units()), (10, 10));
    }
}
