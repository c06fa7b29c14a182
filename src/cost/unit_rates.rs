//! What one instance of each role and of each type of a fleet costs per hour.

use super::catalog::{Catalog, NoPrice};
use super::estimate::{GroupCost, group_cost};
use crate::model::desired::InstanceGroups;
use crate::model::instance::InstanceType;
use crate::model::instance_span::Role;
use crate::model::name::Region;
use crate::model::rates::{NodeRate, Rates};
use crate::model::stack::InstanceGroup;
use crate::model::worst_mix::Alike;
use std::collections::BTreeMap;

/// The rates of a cluster with these groups. The rate of a role that is a fleet is its dearest
/// type's.
pub(super) fn rates(
    catalog: &Catalog,
    region: &Region,
    groups: &InstanceGroups,
) -> Result<Rates, NoPrice> {
    let root = groups.root_volume.as_ref();
    let mut types = BTreeMap::new();
    let mut rate = |role: Role, group: &InstanceGroup| -> Result<NodeRate, NoPrice> {
        let of_type = |of: Option<&InstanceType>| {
            let instance_type = of.cloned();
            let one = Alike {
                role,
                instance_type,
                count: 1,
            };
            let cost = group_cost(catalog, region, role, &of_mix(group, &one), root)?;
            Ok(GroupCost::node_rate(&cost))
        };
        let Some(fleet) = &group.fleet else {
            return of_type(None);
        };
        let mut dearest: Option<NodeRate> = None;
        for of in &fleet.types {
            let rate = of_type(Some(&of.instance_type))?;
            types.insert((role, of.instance_type.clone()), rate);
            dearest = dearest
                .filter(|it| it.total() >= rate.total())
                .or(Some(rate));
        }
        dearest.map_or_else(|| of_type(None), Ok)
    };
    let primary = rate(Role::Primary, &groups.primary)?;
    let core = groups.core.as_ref().map(|group| rate(Role::Core, group));
    let core = core.transpose()?;
    let task = groups.task.as_ref().map(|group| rate(Role::Task, group));
    let task = task.transpose()?;
    Ok(Rates {
        primary,
        core,
        task,
        types,
    })
}

/// A part of a cluster's mix as a group of its own.
pub(super) fn of_mix(group: &InstanceGroup, alike: &Alike) -> InstanceGroup {
    let mut group = group.clone();
    group.nodes.count = alike.count;
    if let Some(instance_type) = &alike.instance_type {
        group.nodes.instance_type = instance_type.clone();
    }
    group
}
