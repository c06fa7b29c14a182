//! `fleet`: machines of one role that EMR buys from several types.

use super::cluster::{Bought, MARKET};
use crate::model::instance::{InstanceType, Nodes};
use crate::model::instance_fleet::{Allocation, Fleet, FleetType, SpotTimeout, SpotTimeoutAction};
use crate::model::span::Span;
use crate::model::stack::{InstanceGroup, Market};
use crate::text::collections::{Forms, Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, record};
use crate::text::format;
use crate::text::named::What;
use crate::text::node::{Entry, Key, Node};
use crate::text::types::{Outside, Whole, Words};

/// More units than any cluster has, and few enough to catch a typing mistake.
pub(super) const MOST_UNITS: u16 = 10_000;
/// The most types of a fleet, without and with an allocation (EMR API, InstanceTypeConfig).
const MOST_TYPES: usize = 5;
const MOST_TYPES_ALLOCATED: usize = 30;
/// How long EMR may try to get Spot capacity (EMR API, SpotProvisioningSpecification).
const LEAST_TIMEOUT: Span = Span::from_secs(5 * 60);
const MOST_TIMEOUT: Span = Span::from_secs(24 * 3_600);

const UNITS: Whole = Whole(0, MOST_UNITS, "a number of units");
const TYPES: &str = FLEET.key("types");
const ON_DEMAND: &str = FLEET.key("on_demand");
const SPOT: &str = FLEET.key("spot");
const ALLOCATION: &str = FLEET.key("allocation");
const TYPE: &str = FLEET_TYPE.key("type");
const WEIGHT: &str = FLEET_TYPE.key("weight");

record! {
    /// Machines of one role that EMR buys from several types, until their weights fill the targets.
    /// If one role has a fleet, EMR buys all roles as fleets: the others as fleets of one type.
    pub(super) FLEET: Fleet = |at| {
        /// The types that EMR chooses from: at most 5, or 30 with an `allocation`.
        types: required =
            list(TYPE_FORMS, Unique::No, "an instance type", "m5.xlarge").filled(),
            "[m5.xlarge, { type: m5.2xlarge, weight: 2 }]";
        /// The units to buy on demand.
        on_demand: default("0") = UNITS, "1";
        /// The units to buy on Spot.
        spot: default("0") = UNITS, "8";
        /// How EMR chooses among Spot pools, from emr-5.12.1 on.
        allocation: optional = Words([
            ("capacity-optimized", Allocation::CapacityOptimized,
                "The pools with the most free capacity."),
            ("price-capacity-optimized", Allocation::PriceCapacityOptimized,
                "The cheapest of the pools with the most free capacity."),
            ("lowest-price", Allocation::LowestPrice, "The cheapest pool."),
            ("diversified", Allocation::Diversified, "All pools alike."),
            ("capacity-optimized-prioritized", Allocation::CapacityOptimizedPrioritized,
                "The pools with the most free capacity, in the order of the types."),
        ]), "price-capacity-optimized";
        /// What happens when Spot capacity is not found while the cluster starts. Without it, EMR
        /// decides; with an `allocation`, it buys on demand after 20 minutes.
        spot_timeout: optional = SPOT_TIMEOUT, "{ after: 10m, then: on-demand }";
    } check {
        count_types(at, &types, allocation.place.is_some());
        same_types(at, &types);
        targets(at, &types, on_demand.value, spot.value);
        needs_spot(at, spot.value, &spot_timeout, &allocation);
    } => Fleet { types, on_demand, spot, allocation, spot_timeout };
}

const TYPE_FORMS: Forms<InstanceType, FleetType> = Forms {
    short: format::INSTANCE_TYPE,
    long: FLEET_TYPE,
    expand: expand_type,
};

record! {
    /// A type of a fleet.
    FLEET_TYPE: FleetType = |at| {
        /// The instance type.
        r#type: required = Outside(What::Core, format::INSTANCE_TYPE), "m5.2xlarge";
        /// How many units of the targets one machine of the type counts for.
        weight: default("1") = Whole(1, 999, "a number of units"), "2";
    } => FleetType { instance_type: r#type, weight };
}

record! {
    /// What happens when Spot capacity is not found while the cluster starts.
    SPOT_TIMEOUT: SpotTimeout = |at| {
        /// How long EMR tries: whole minutes from 5m to 24h.
        after: required = format::IDLE, "10m";
        /// What it does then.
        then: default("on-demand") = Words([
            ("on-demand", SpotTimeoutAction::OnDemand, "It buys on-demand capacity instead."),
            ("terminate", SpotTimeoutAction::Terminate, "It ends the cluster."),
        ]), "terminate";
    } check {
        if let Some((span, place)) = after.written()
            && (*span < LEAST_TIMEOUT || *span > MOST_TIMEOUT || span.as_secs() % 60 != 0)
        {
            let message = format!("EMR cannot try for {span}");
            let found = Diagnostic::new(Code::OutOfRange, place, message);
            at.wrong(found.expected("whole minutes from `5m` to `24h`"));
        }
    } => SpotTimeout { after, then };
}

fn expand_type(node: &Node) -> Option<Node> {
    let mark = node.mark;
    let key = Key {
        text: TYPE.to_owned(),
        mark,
    };
    let value = Node::plain(mark, node.text()?);
    Some(Node::map(mark, vec![Entry { key, value }]))
}

fn items<'n, T>(types: &Got<'n, T>) -> &'n [Node] {
    types.node.map_or(&[], Node::items)
}

fn count_types(at: &mut At<'_, '_>, types: &Got<'_, Vec<FleetType>>, allocated: bool) {
    let most = if allocated {
        MOST_TYPES_ALLOCATED
    } else {
        MOST_TYPES
    };
    let items = items(types);
    let Some(extra) = items.get(most) else { return };
    let message = format!("`{TYPES}` has {} items", items.len());
    let found = Diagnostic::new(Code::OutOfRange, extra.mark, message)
        .expected(format!("at most {most}: EMR takes no more"));
    at.wrong(if allocated {
        found
    } else {
        found.help(format!(
            "with an `{ALLOCATION}`, it takes {MOST_TYPES_ALLOCATED}"
        ))
    });
}

fn same_types(at: &mut At<'_, '_>, types: &Got<'_, Vec<FleetType>>) {
    let Some(all) = &types.value else { return };
    for (n, (of, item)) in all.iter().zip(items(types)).enumerate() {
        let name = &of.instance_type;
        let first = all[..n].iter().position(|it| it.instance_type == *name);
        if let Some(first) = first.and_then(|first| items(types).get(first)) {
            let message = format!("`{TYPES}` has `{name}` twice");
            at.wrong(
                Diagnostic::new(Code::DuplicateName, item.mark, message)
                    .expected("each type once")
                    .related(first.mark, "the first"),
            );
        }
    }
}

fn targets(
    at: &mut At<'_, '_>,
    types: &Got<'_, Vec<FleetType>>,
    on_demand: Option<u16>,
    spot: Option<u16>,
) {
    let (Some(0), Some(0), Some(place)) = (on_demand, spot, types.place) else {
        return;
    };
    let message = "the fleet buys nothing: its targets are 0";
    at.wrong(
        Diagnostic::new(Code::Conflict, place.key, message)
            .help(format!("write `{ON_DEMAND}` or `{SPOT}` beside it")),
    );
}

fn needs_spot(
    at: &mut At<'_, '_>,
    spot: Option<u16>,
    timeout: &Got<'_, Option<SpotTimeout>>,
    allocation: &Got<'_, Option<Allocation>>,
) {
    if spot != Some(0) {
        return;
    }
    if let Some(place) = timeout.place {
        let message = format!("`{}` needs a target of `{SPOT}`", timeout.key);
        let found = Diagnostic::new(Code::Conflict, place.key, message);
        at.wrong(found.help(format!("leave it out, or write `{SPOT}` beside it")));
    }
    // EMR buys on-demand capacity at the lowest price (EMR API, OnDemandProvisioningSpecification).
    if let Some((Some(chosen), place)) = allocation.written()
        && *chosen != Allocation::LowestPrice
    {
        let chosen = chosen.as_str();
        let message = format!("`{chosen}` chooses among Spot pools, and `{SPOT}` is 0");
        at.wrong(
            Diagnostic::new(Code::Conflict, place, message)
                .expected("`lowest-price`, or a target of `spot`"),
        );
    }
}

/// The rules of a primary: one machine, and weights of 1 (EMR API, InstanceFleetConfig).
pub(super) fn check_primary(at: &mut At<'_, '_>, fleet: &Got<'_, Option<Fleet>>) {
    let (Some(Some(of)), Some(node)) = (&fleet.value, fleet.node) else {
        return;
    };
    if of.units() > 1 {
        let key = if of.spot > 0 { SPOT } else { ON_DEMAND };
        let place = node.get(key).map_or(node.mark, |it| it.mark);
        let message = format!("a cluster has one primary, and this buys {}", of.units());
        let found = Diagnostic::new(Code::Conflict, place, message);
        at.wrong(found.expected(format!("`{ON_DEMAND}: 1` or `{SPOT}: 1`")));
    }
    for item in node.get(TYPES).map_or(&[][..], Node::items) {
        if let Some(weight) = item.get(WEIGHT).filter(|it| it.text() != Some("1")) {
            let message = "the types of a primary have no weight";
            let found = Diagnostic::new(Code::Conflict, weight.mark, message);
            at.wrong(found.help("leave it out: one machine is one unit"));
        }
    }
}

/// Its targets say how a fleet is bought.
pub(super) fn check_market(at: &mut At<'_, '_>, fleet: &Got<'_, Option<Fleet>>) {
    let Some(market) = at.beside(MARKET).filter(|_| fleet.place.is_some()) else {
        return;
    };
    let message = format!("a fleet has no `{MARKET}`");
    at.wrong(
        Diagnostic::new(Code::Conflict, market.mark, message).help(format!(
            "leave it out: `{ON_DEMAND}` and `{SPOT}` are its targets"
        )),
    );
}

/// The machines of a role, which is a fleet or has machines of one type.
pub(super) fn machines(
    nodes: Option<Nodes>,
    fleet: Option<Fleet>,
    bought: Bought,
) -> Option<InstanceGroup> {
    let Bought { market, bid, ebs } = bought;
    let Some(fleet) = fleet else {
        return Some(InstanceGroup {
            bid,
            ..InstanceGroup::of_type(nodes?, market, ebs)
        });
    };
    let first = fleet.types.first()?;
    Some(InstanceGroup {
        nodes: Nodes {
            count: fleet.nominal(),
            instance_type: first.instance_type.clone(),
        },
        market: if fleet.on_demand == 0 {
            Market::Spot
        } else {
            Market::OnDemand
        },
        bid: None,
        ebs,
        fleet: Some(fleet),
    })
}
