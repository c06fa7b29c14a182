//! `scaling`: the limits within which EMR's managed scaling sizes a cluster.

use super::cluster::Size;
use super::fleet::MOST_UNITS;
use crate::model::instance_fleet::Scaling;
use crate::model::stack::{InstanceGroup, Market};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, Place, record};
use crate::text::source::Mark;
use crate::text::types::Whole;

const FROM: &str = SCALING.key("from");
const TO: &str = SCALING.key("to");
const ON_DEMAND: &str = SCALING.key("on_demand_at_most");
const CORE: &str = SCALING.key("core_at_most");

/// One node, or one unit of a fleet, and more.
const FILLED: Whole = Whole(1, MOST_UNITS, "a number of nodes");

record! {
    /// The limits within which EMR's managed scaling sizes the cluster by its load, from emr-5.30.0
    /// and emr-6.1.0 on. They count core and task nodes together, without the primary; with fleets,
    /// their units. A cluster starts with the `size` of the stack.
    pub(super) SCALING: Scaling = |at| {
        /// The least.
        from: required = FILLED, "2";
        /// The most.
        to: required = FILLED, "10";
        /// The most that EMR buys on demand; the rest is Spot. Without it, all may be on demand.
        on_demand_at_most: optional = Whole(0, MOST_UNITS, "a number of nodes"), "4";
        /// The most core nodes; the rest are task nodes. Without it, all may be core nodes.
        core_at_most: optional = FILLED, "4";
    } check {
        if let (Some(least), Some((most, place))) = (from.value, to.written())
            && least > *most
        {
            let message = format!("`{TO}` is less than `{FROM}`");
            let found = Diagnostic::new(Code::Conflict, place, message);
            at.wrong(found.expected(format!("`{least}` or more")));
        }
        for limit in [&on_demand_at_most, &core_at_most] {
            if let (Some(most), Some((Some(chosen), place))) = (to.value, limit.written())
                && *chosen > most
            {
                let message = format!("`{}` is more than `{TO}`", limit.key);
                let found = Diagnostic::new(Code::Conflict, place, message);
                at.wrong(found.expected(format!("`{most}` or less")));
            }
        }
    } => Scaling { from, to, on_demand_at_most, core_at_most };
}

/// The rules between the limits and the size: EMR would resize a cluster that starts outside of them.
pub(super) fn check(at: &mut At<'_, '_>, scaling: &Got<'_, Option<Scaling>>, size: &Got<'_, Size>) {
    let (Some(Some(limits)), Some(place), Some(size)) = (scaling.value, scaling.place, &size.value)
    else {
        return;
    };
    // Other mistakes are reported alone.
    if limits.from > limits.to {
        return;
    }
    let Some(core) = size.core() else {
        let message = "a cluster without core nodes does not scale";
        let found = Diagnostic::new(Code::Conflict, place.key, message);
        at.wrong(found.help("give `size` core nodes, or leave `scaling` out"));
        return;
    };
    let limit = |key: &str| mark(scaling, place, key);
    let groups = || std::iter::once(core).chain(size.task());
    let all: u16 = groups().map(InstanceGroup::units).sum();
    let on_demand = groups().map(on_demand).sum();
    let over = |most: Option<u16>, have: u16| most.is_some_and(|most| have > most);
    let (key, have) = if all < limits.from {
        (FROM, all)
    } else if all > limits.to {
        (TO, all)
    } else if over(limits.on_demand_at_most, on_demand) {
        (ON_DEMAND, on_demand)
    } else if over(limits.core_at_most, core.units()) {
        (CORE, core.units())
    } else {
        return;
    };
    let (what, fix) = match key {
        FROM => ("core and task nodes", "or less, or a larger `size`"),
        TO => ("core and task nodes", "or more, or a smaller `size`"),
        ON_DEMAND => ("on-demand ones", "or more, or a `size` with less of them"),
        _ => ("core nodes", "or more, or a `size` with less of them"),
    };
    let message = format!("the cluster starts with {have} {what}, and EMR would resize it at once");
    at.wrong(
        Diagnostic::new(Code::Conflict, limit(key), message)
            .expected(format!("`{key}: {have}` {fix}")),
    );
}

fn mark(scaling: &Got<'_, Option<Scaling>>, place: Place, key: &str) -> Mark {
    let found = scaling.node.and_then(|node| node.get(key));
    found.map_or(place.value, |node| node.mark)
}

/// The on-demand part of a role.
fn on_demand(group: &InstanceGroup) -> u16 {
    match (&group.fleet, group.market) {
        (Some(fleet), _) => fleet.on_demand,
        (None, Market::OnDemand) => group.nodes.count,
        (None, Market::Spot) => 0,
    }
}
