//! The dearest instances that a cluster can have, if EMR chooses their types or their number. All
//! count at on-demand prices.

use super::desired::InstanceGroups;
use super::instance::InstanceType;
use super::instance_fleet::{Fleet, Scaling};
use super::instance_span::{InstanceSpan, Role};
use super::money::Usd;
use super::rates::Rates;
use super::stack::InstanceGroup;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// Instances of one role and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Their role.
    pub role: Role,
    /// Their type, if the role is a fleet; `None` for the role's own.
    pub instance_type: Option<InstanceType>,
    /// How many they are, at least 1.
    pub count: u16,
}

/// The dearest instances of a cluster with these groups, the primary first. Without rates, those
/// that the stack names.
pub fn worst_mix(groups: &InstanceGroups, rates: Option<&Rates>) -> Vec<Alike> {
    let (core, task) = (groups.core.as_ref(), groups.task.as_ref());
    let units = split(groups, rates);
    let roles = [
        (Role::Primary, Some(&groups.primary), None),
        (Role::Core, core, units.map(|(core, _)| core)),
        (Role::Task, task, units.map(|(_, task)| task)),
    ];
    let mut mix = Vec::new();
    for (role, group, units) in roles {
        let Some(group) = group else { continue };
        let of_fleet = group.fleet.as_ref().zip(rates);
        let Some((fleet, rates)) = of_fleet else {
            let count = units.unwrap_or(group.nodes.count);
            mix.push(Alike {
                role,
                instance_type: None,
                count,
            });
            continue;
        };
        let targets = targets(fleet, units);
        let dearest = fleet.dearest(&targets, |of| rates.of_type(role, of).total());
        mix.extend(dearest.into_iter().map(|(of, count)| Alike {
            role,
            instance_type: Some(of),
            count,
        }));
    }
    mix.retain(|alike| alike.count > 0);
    mix
}

/// The spans of the dearest instances, if they run from one instant until another.
pub fn spans(
    groups: &InstanceGroups,
    rates: Option<&Rates>,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Vec<InstanceSpan> {
    spans_of(&worst_mix(groups, rates), from, until)
}

/// The spans of a mix that is known.
pub fn spans_of(
    mix: &[Alike],
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Vec<InstanceSpan> {
    let span = |alike: &Alike| InstanceSpan {
        role: alike.role,
        from,
        until,
        count: alike.count,
        instance_type: alike.instance_type.clone(),
    };
    mix.iter().map(span).collect()
}

/// Dollars per hour of the cheapest instances of a cluster that EMR scales, at its least size;
/// `None` for a cluster that is not scaled.
pub fn least_hourly(groups: &InstanceGroups, rates: &Rates) -> Option<Usd> {
    let Scaling { from, .. } = groups.scaling?;
    let cheapest = |role: Role, group: &InstanceGroup, units: u16| match &group.fleet {
        Some(fleet) => fleet.cheapest(units, |of| rates.of_type(role, of).total()),
        None => rates.of(role).total().times(Decimal::from(units)),
    };
    let workers = [(Role::Core, &groups.core), (Role::Task, &groups.task)];
    let workers = workers
        .into_iter()
        .filter_map(|(role, group)| group.as_ref().map(|group| cheapest(role, group, from)));
    Some(cheapest(Role::Primary, &groups.primary, 1) + workers.min().unwrap_or(Usd::ZERO))
}

/// The most instances of a cluster, the primary included.
pub fn most_instances(groups: &InstanceGroups) -> u16 {
    let of = |group: &InstanceGroup, units: Option<u16>| match &group.fleet {
        Some(fleet) => fleet.most_instances(&targets(fleet, units)),
        None => units.unwrap_or(group.nodes.count),
    };
    let primary = of(&groups.primary, None);
    let count = |group: &Option<InstanceGroup>, units| group.as_ref().map_or(0, |it| of(it, units));
    let workers = |core, task| count(&groups.core, core).saturating_add(count(&groups.task, task));
    let most = match largest(groups) {
        None => workers(None, None),
        Some((most, most_core)) => (0..=most_core)
            .map(|core| workers(Some(core), Some(most - core)))
            .max()
            .unwrap_or(0),
    };
    primary.saturating_add(most)
}

/// What a fleet buys: its own targets or, if EMR moves them, those that may exceed `units` the most.
fn targets(fleet: &Fleet, units: Option<u16>) -> Vec<u16> {
    match units {
        None => vec![fleet.on_demand, fleet.spot],
        Some(0) => Vec::new(),
        Some(1) => vec![1],
        Some(units) => vec![1, units - 1],
    }
}

/// The most capacity of core and task nodes together, and of core nodes; `None` for a cluster that
/// is not scaled. A stack's own size counts until EMR has changed it.
fn largest(groups: &InstanceGroups) -> Option<(u16, u16)> {
    let scaling = groups.scaling?;
    let units = |group: &Option<InstanceGroup>| match group {
        Some(InstanceGroup {
            fleet: Some(fleet), ..
        }) => fleet.units(),
        Some(group) => group.nodes.count,
        None => 0,
    };
    let (core, task) = (units(&groups.core), units(&groups.task));
    let most = scaling.to.max(core.saturating_add(task));
    let most_core = scaling.core_at_most.unwrap_or(most).max(core).min(most);
    let has_both = groups.core.is_some() && groups.task.is_some();
    Some((most, if has_both { most_core } else { most }))
}

/// How a scaled cluster of the largest size costs the most: the capacity of core and of task nodes.
fn split(groups: &InstanceGroups, rates: Option<&Rates>) -> Option<(u16, u16)> {
    let (most, most_core) = largest(groups)?;
    let (core, task) = match (&groups.core, &groups.task) {
        (Some(core), Some(task)) => (core, task),
        (None, _) => return Some((0, most)),
        (Some(_), None) => return Some((most, 0)),
    };
    let Some(rates) = rates else {
        return Some((most_core, most - most_core));
    };
    let core = costs(Role::Core, core, most_core, rates);
    let task = costs(Role::Task, task, most, rates);
    let cost = |units: &u16| {
        let at = |costs: &[Usd], units: u16| costs.get(usize::from(units)).copied();
        let of = at(&core, *units).zip(at(&task, most - units));
        of.map(|(core, task)| core + task)
    };
    let dearest = (0..=most_core).max_by_key(cost)?;
    Some((dearest, most - dearest))
}

/// The most dollars per hour that 0, 1, 2, … `most` units of a role can cost.
fn costs(role: Role, group: &InstanceGroup, most: u16, rates: &Rates) -> Vec<Usd> {
    let Some(fleet) = &group.fleet else {
        let rate = rates.of(role).total();
        return (0..=most)
            .map(|units| rate.times(Decimal::from(units)))
            .collect();
    };
    let price = |of: &InstanceType| rates.of_type(role, of).total();
    let fills = fleet.dearest_fills(most, price);
    let last = fleet
        .types
        .iter()
        .map(|of| price(&of.instance_type))
        .max()
        .unwrap_or(Usd::ZERO);
    // Each target that is bought may be exceeded by one instance; see `targets`.
    let cost = |units: u16| match units {
        0 => Usd::ZERO,
        1 => last,
        units => fills[usize::from(units - 2)] + last + last,
    };
    (0..=most).map(cost).collect()
}
