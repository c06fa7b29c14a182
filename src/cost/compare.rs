//! Compares the price before and after a change.

use super::estimate::Estimate;
use crate::model::instance::Nodes;
use crate::model::instance_span::Role;
use crate::model::money::Usd;
use crate::model::quantity;
use serde::Serialize;

/// The comparison of two estimates, by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Comparison {
    /// The price before the change, in dollars per hour as all amounts here.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub old: Usd,
    /// The price after the change.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub new: Usd,
    /// New minus old; negative if it becomes cheaper.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub difference: Usd,
    /// The roles that either estimate has, the primary first.
    pub groups: Vec<GroupChange>,
}

/// The price of one role before and after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GroupChange {
    /// The role.
    pub role: Role,
    /// `None` if the role had no nodes.
    pub old: Option<GroupPrice>,
    /// `None` if the role will have no nodes.
    pub new: Option<GroupPrice>,
    /// New minus old.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub difference: Usd,
}

/// The nodes of a role and their price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GroupPrice {
    /// The nodes; the type is the first of a fleet's.
    pub nodes: Nodes,
    /// Dollars per hour of all nodes.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub hourly: Usd,
}

impl Comparison {
    /// Compares two estimates.
    pub fn of(old: &Estimate, new: &Estimate) -> Self {
        Self {
            old: old.hourly,
            new: new.hourly,
            difference: new.hourly - old.hourly,
            groups: Role::ALL
                .into_iter()
                .filter_map(|role| change(role, old, new))
                .collect(),
        }
    }
}

fn change(role: Role, old: &Estimate, new: &Estimate) -> Option<GroupChange> {
    let old = price(role, old);
    let new = price(role, new);
    if old.is_none() && new.is_none() {
        return None;
    }
    let hourly = |price: &Option<GroupPrice>| price.as_ref().map_or(Usd::ZERO, |p| p.hourly);
    Some(GroupChange {
        role,
        difference: hourly(&new) - hourly(&old),
        old,
        new,
    })
}

fn price(role: Role, of: &Estimate) -> Option<GroupPrice> {
    let groups = || of.groups.iter().filter(|group| group.role == role);
    let mut nodes = groups().next()?.nodes.clone();
    let counts = groups().map(|group| group.nodes.count);
    nodes.count = counts.fold(0, u16::saturating_add);
    let hourly = groups().map(|group| group.hourly).sum();
    Some(GroupPrice { nodes, hourly })
}
