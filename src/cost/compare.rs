//! What a change does to the price.

use super::estimate::{Estimate, GroupCost};
use crate::model::instance::Nodes;
use crate::model::instance_span::Role;
use crate::model::money::Usd;
use serde::Serialize;

/// Two estimates, role by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// $/h, as are all amounts here.
    pub old: Usd,
    pub new: Usd,
    /// New less old; below zero where it becomes cheaper.
    pub difference: Usd,
    /// The roles that either has, the primary first.
    pub groups: Vec<GroupChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupChange {
    pub role: Role,
    /// None where there was no such group.
    pub old: Option<GroupPrice>,
    /// None where there will be none.
    pub new: Option<GroupPrice>,
    pub difference: Usd,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupPrice {
    pub nodes: Nodes,
    pub hourly: Usd,
}

impl Comparison {
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
    let is_it = |group: &&GroupCost| group.role == role;
    of.groups.iter().find(is_it).map(|group| GroupPrice {
        nodes: group.nodes.clone(),
        hourly: group.hourly,
    })
}
