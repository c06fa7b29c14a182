//! The names of a role's fleet, and of managed scaling.

use super::tree::{group, leaf};
use super::{Datum, Name, Shape, read};
use crate::model::instance_fleet::{Fleet, Scaling};
use crate::model::stack::InstanceGroup;
use crate::policy::subject::Subject;
use Shape::{Bool, Int};

/// Declares the names of one role's fleet.
macro_rules! fleet {
    ($of:expr) => {
        group(
            "fleet",
            "How the role is bought as a fleet; its targets are 0 if it is none.",
            &[
                leaf(
                    "types",
                    Shape::List(&Shape::Text),
                    "The types that EMR chooses from; empty if it is no fleet.",
                    |s| Some(fleets::types($of(s))),
                ),
                leaf("on_demand", Int, "The units to buy on demand.", |s| {
                    Some(fleets::number($of(s), |fleet| fleet.on_demand))
                }),
                leaf("spot", Int, "The units to buy on Spot.", |s| {
                    Some(fleets::number($of(s), |fleet| fleet.spot))
                }),
                leaf(
                    "allocation",
                    Text,
                    "How EMR chooses among Spot pools; empty if the stack does not say.",
                    |s| Some(fleets::allocation($of(s))),
                ),
                leaf(
                    "weights",
                    Shape::List(&Int),
                    "The units that one machine of each type counts for, in their order.",
                    |s| Some(fleets::weights($of(s))),
                ),
                leaf(
                    "spot_timeout_minutes",
                    Shape::Double,
                    "How long EMR looks for Spot capacity; 0 if the stack does not say.",
                    |s| Some(fleets::timeout($of(s))),
                ),
                leaf(
                    "spot_timeout_then",
                    Text,
                    "`on-demand` or `terminate`; empty if the stack does not say.",
                    |s| Some(fleets::then($of(s))),
                ),
            ],
        )
    };
}
pub(super) use fleet;

pub(super) fn types(group: Option<&InstanceGroup>) -> Datum {
    let types = of(group).map_or(&[][..], |fleet| &fleet.types);
    read::list(types.iter().map(|of| &of.instance_type))
}

pub(super) fn number(group: Option<&InstanceGroup>, unit: fn(&Fleet) -> u16) -> Datum {
    Datum::Int(of(group).map_or(0, |fleet| i64::from(unit(fleet))))
}

pub(super) fn allocation(group: Option<&InstanceGroup>) -> Datum {
    let allocation = of(group).and_then(|fleet| fleet.allocation);
    read::or_none(allocation.map(|it| it.as_str()))
}

pub(super) fn weights(group: Option<&InstanceGroup>) -> Datum {
    let types = of(group).map_or(&[][..], |fleet| &fleet.types);
    let weights = types.iter().map(|it| Datum::Int(i64::from(it.weight)));
    Datum::List(weights.collect())
}

pub(super) fn timeout(group: Option<&InstanceGroup>) -> Datum {
    let timeout = of(group).and_then(|fleet| fleet.spot_timeout);
    timeout.map_or(Datum::Double(0.0), |it| read::minutes(it.after))
}

pub(super) fn then(group: Option<&InstanceGroup>) -> Datum {
    let timeout = of(group).and_then(|fleet| fleet.spot_timeout);
    read::or_none(timeout.map(|it| it.then.as_str()))
}

fn of(group: Option<&InstanceGroup>) -> Option<&Fleet> {
    group?.fleet.as_ref()
}

pub(super) const SCALING: Name = group(
    "scaling",
    "The limits of EMR's managed scaling; 0 if there is none.",
    &[
        leaf("is_on", Bool, "Whether EMR scales the cluster.", |s| {
            Some(Datum::Bool(s.stack.cluster.scaling.is_some()))
        }),
        leaf("from", Int, "The least nodes, or units of fleets.", |s| {
            Some(limit(s, |scaling| scaling.from))
        }),
        leaf("to", Int, "The most nodes, or units of fleets.", |s| {
            Some(limit(s, |scaling| scaling.to))
        }),
        leaf(
            "on_demand_at_most",
            Int,
            "The most of them on demand.",
            |s| Some(limit(s, |it| it.on_demand_at_most.unwrap_or(it.to))),
        ),
        leaf("core_at_most", Int, "The most core ones of them.", |s| {
            Some(limit(s, |it| it.core_at_most.unwrap_or(it.to)))
        }),
    ],
);

fn limit(subject: &Subject<'_>, of: fn(&Scaling) -> u16) -> Datum {
    let scaling = subject.stack.cluster.scaling;
    Datum::Int(scaling.map_or(0, |scaling| i64::from(of(&scaling))))
}
