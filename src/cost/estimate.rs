//! Estimates of a cluster's cost: groups and components with quantity, unit price and dollars per
//! hour.
//!
//! Charged per second, with a minimum of 60 seconds per instance (EMR and EC2 pricing pages).

use super::catalog::{Catalog, NoPrice, Note, Price, Source, Volumes};
use super::unit_rates;
use crate::model::desired::InstanceGroups;
use crate::model::instance::Nodes;
use crate::model::instance_span::Role;
use crate::model::money::Usd;
use crate::model::name::Region;
use crate::model::quantity;
use crate::model::rates::{DECIMALS, NodeRate, Rates};
use crate::model::root_volume::RootVolume;
use crate::model::span::Span;
use crate::model::stack::{Ebs, InstanceGroup, Market, VolumeKind};
use crate::model::worst_mix::{Alike, least_hourly, worst_mix};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

/// The estimate of a cluster's cost. If EMR chooses instances or their number, that of the dearest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Estimate {
    /// The region.
    pub region: Region,
    /// The groups, the primary first. A fleet has one for each type in its dearest mix.
    pub groups: Vec<GroupCost>,
    /// Dollars per hour of the whole cluster.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub hourly: Usd,
    /// The date of the oldest price in it.
    pub as_of: NaiveDate,
    /// Dollars per hour of the cheapest instances at the least size, if EMR scales the cluster.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "quantity::per_hour_if_any"
    )]
    #[schemars(with = "Option<quantity::HourlyDollars>")]
    pub least_hourly: Option<Usd>,
    /// Costs that are not included.
    pub unpriced: Vec<Unpriced>,
    /// The rates of its roles and of the types of its fleets.
    #[serde(skip)]
    rates: Rates,
}

/// The cost of the nodes of one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GroupCost {
    /// The role.
    pub role: Role,
    /// The nodes.
    pub nodes: Nodes,
    /// How they are bought.
    pub market: Market,
    /// The parts of the cost.
    pub components: Vec<Component>,
    /// Dollars per hour of one node.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub node_hourly: Usd,
    /// Dollars per hour of all nodes.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub hourly: Usd,
}

/// A component of a group's cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Component {
    /// The kind of component.
    pub kind: ComponentKind,
    /// The volumes of one node, for components that are volumes.
    pub volumes: Option<Volumes>,
    /// The quantity for the whole group: nodes, or GiB if the unit is a GiB-month.
    pub quantity: u64,
    /// The unit of the price.
    pub unit: Unit,
    /// Dollars per unit.
    pub unit_price: Usd,
    /// Dollars per hour for the whole group.
    #[serde(serialize_with = "quantity::per_hour")]
    #[schemars(with = "quantity::HourlyDollars")]
    pub hourly: Usd,
    /// The source of the price.
    pub source: Source,
    /// Why the price is not certain, if it is not.
    pub note: Option<Note>,
}

/// The kinds of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    /// EC2 instances.
    Ec2,
    /// EMR's fee.
    EmrFee,
    /// The data volumes on EBS.
    DataVolumes,
    /// The root volume on EBS.
    RootVolume,
    /// What the volumes' operations per second cost above those that are included.
    VolumeIops,
    /// What the volumes' throughput costs above that which is included.
    VolumeThroughput,
    /// The public IPv4 addresses.
    PublicAddress,
}

impl ComponentKind {
    /// Whether it is a cost of disks.
    pub const fn is_disk(self) -> bool {
        matches!(
            self,
            Self::DataVolumes | Self::RootVolume | Self::VolumeIops | Self::VolumeThroughput
        )
    }
}

/// The units of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A node for an hour.
    NodeHour,
    /// A GiB for a month of 730 hours.
    GibMonth,
    /// An operation per second for a month of 730 hours.
    IopsMonth,
    /// A MiB per second for a month of 730 hours.
    MibpsMonth,
}

/// Costs of a bill that estimates do not include.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unpriced {
    /// The bucket's storage and requests.
    S3,
    /// Transfer of data out of the region.
    DataTransfer,
    /// CloudWatch's metrics and logs.
    CloudWatch,
}

/// EMR's root volume (EMR Management Guide: gp3 with 15 GiB since emr-6.15.0).
const ROOT: Volumes = Volumes {
    kind: VolumeKind::Gp3,
    count: 1,
    gib: 15,
    note: None,
};

/// The speed of a gp3 volume that its size includes (EBS pricing page).
const INCLUDED_IOPS: u16 = 3_000;
const INCLUDED_MIBPS: u16 = 125;

/// The hours of a GiB-month (EBS pricing page).
pub(super) const MONTH_HOURS: Decimal = Decimal::from_parts(730, 0, 0, false, 0);

/// The minimum number of seconds that an instance is charged for.
pub const LEAST_SECONDS: u64 = 60;

impl Estimate {
    /// Estimates the cost of a cluster with these groups.
    ///
    /// # Errors
    /// Returns an error if the price of a component is unknown.
    pub fn of(
        catalog: &Catalog,
        region: &Region,
        groups: &InstanceGroups,
    ) -> Result<Self, NoPrice> {
        let rates = unit_rates::rates(catalog, region, groups)?;
        Self::at_rates(catalog, region, groups, rates)
    }

    /// The estimate of the dearest instances at these rates.
    pub(super) fn at_rates(
        catalog: &Catalog,
        region: &Region,
        groups: &InstanceGroups,
        rates: Rates,
    ) -> Result<Self, NoPrice> {
        let root = groups.root_volume.as_ref();
        let cost = |alike: Alike| {
            let group = unit_rates::of_mix(groups.of_role(alike.role)?, &alike);
            Some(group_cost(catalog, region, alike.role, &group, root))
        };
        let mix = worst_mix(groups, Some(&rates)).into_iter();
        let costs: Vec<GroupCost> = mix.filter_map(cost).collect::<Result<_, _>>()?;
        let components = costs.iter().flat_map(|group| &group.components);
        let as_of = components.map(|component| component.source.as_of).min();
        Ok(Self {
            region: region.clone(),
            hourly: costs.iter().map(|group| group.hourly).sum(),
            groups: costs,
            as_of: as_of.unwrap_or_default(),
            least_hourly: least_hourly(groups, &rates),
            unpriced: vec![Unpriced::S3, Unpriced::DataTransfer, Unpriced::CloudWatch],
            rates,
        })
    }

    /// Dollars for a run of this length with all nodes, at least 60 seconds.
    pub fn run(&self, length: Span) -> Usd {
        for_seconds(self.hourly, length.as_secs().max(LEAST_SECONDS))
    }

    /// The most that the cluster can cost: all nodes until the hard deadline and during
    /// termination, and 60 seconds for one replaced instance of each node.
    pub fn worst(&self, hard_deadline: Span, terminating: Span) -> Usd {
        let seconds = [hard_deadline, terminating].map(Span::as_secs);
        let seconds = seconds.into_iter().fold(LEAST_SECONDS, u64::saturating_add);
        for_seconds(self.hourly, seconds)
    }

    /// Dollars per hour per node of each role, to be recorded with the cluster.
    pub fn rates(&self) -> Option<Rates> {
        Some(self.rates.clone())
    }

    /// Why prices are not certain, without duplicates.
    pub fn notes(&self) -> Vec<Note> {
        let components = self.groups.iter().flat_map(|group| &group.components);
        let mut notes: Vec<Note> = components.filter_map(|component| component.note).collect();
        notes.sort_unstable();
        notes.dedup();
        notes
    }
}

/// Dollars for a number of seconds at an hourly price.
pub(super) fn for_seconds(hourly: Usd, seconds: u64) -> Usd {
    Usd::new(hourly.amount() * Decimal::from(seconds) / Decimal::from(3_600))
}

impl GroupCost {
    pub(super) fn node_rate(&self) -> NodeRate {
        let of = |is_part: fn(ComponentKind) -> bool| -> Usd {
            let parts = self.components.iter();
            let all: Usd = parts
                .filter(|component| is_part(component.kind))
                .map(|component| component.hourly)
                .sum();
            // A group's price is a multiple of a node's, so the division is exact.
            Usd::new(all.amount() / Decimal::from(self.nodes.count.max(1)))
        };
        NodeRate::new(
            of(|kind| kind == ComponentKind::Ec2),
            of(|kind| kind == ComponentKind::EmrFee),
            of(ComponentKind::is_disk),
            of(|kind| kind == ComponentKind::PublicAddress),
        )
    }
}

pub(super) fn group_cost(
    catalog: &Catalog,
    region: &Region,
    role: Role,
    group: &InstanceGroup,
    root: Option<&RootVolume>,
) -> Result<GroupCost, NoPrice> {
    let count = group.nodes.count;
    let instance_type = group.instance_type();
    let mut ec2 = catalog.ec2(region, instance_type)?;
    if group.market == Market::Spot {
        ec2.note = Some(Note::SpotAtOnDemand);
    }
    let mut components = vec![
        per_node(ComponentKind::Ec2, count, ec2),
        per_node(
            ComponentKind::EmrFee,
            count,
            catalog.emr(region, instance_type)?,
        ),
    ];
    if let Some(data) = data_volumes(catalog, group) {
        let price = catalog.volume(region, data.kind)?;
        components.push(per_gib(ComponentKind::DataVolumes, count, data, price));
    }
    let price = catalog.volume(region, ROOT.kind)?;
    let gib = root.map_or(ROOT.gib, RootVolume::gib);
    let volume = Volumes { gib, ..ROOT };
    components.push(per_gib(ComponentKind::RootVolume, count, volume, price));
    components.extend(speed(catalog, region, group, root)?);
    components.push(per_node(
        ComponentKind::PublicAddress,
        count,
        catalog.address(region)?,
    ));
    let hourly: Usd = components.iter().map(|component| component.hourly).sum();
    Ok(GroupCost {
        role,
        nodes: group.nodes.clone(),
        market: group.market,
        components,
        node_hourly: Usd::new(hourly.amount() / Decimal::from(count.max(1))),
        hourly,
    })
}

/// The stack's volumes, or else EMR's default.
fn data_volumes(catalog: &Catalog, group: &InstanceGroup) -> Option<Volumes> {
    match &group.ebs {
        Some(ebs) => Some(Volumes {
            kind: ebs.kind,
            count: ebs.volumes,
            gib: ebs.size.mib().div_ceil(1024),
            note: None,
        }),
        None => catalog.default_volumes(group.instance_type()),
    }
}

/// What gp3 volumes cost besides their size: the operations per second and the throughput that are not
/// included (EBS pricing page).
fn speed(
    catalog: &Catalog,
    region: &Region,
    group: &InstanceGroup,
    root: Option<&RootVolume>,
) -> Result<Vec<Component>, NoPrice> {
    let data = group.ebs.as_ref();
    let extra = |chosen: Option<u16>, included: u16, volumes: u16| {
        u64::from(chosen.unwrap_or(0).saturating_sub(included)) * u64::from(volumes)
    };
    let of_data = |chosen: fn(&Ebs) -> Option<u16>, included: u16| {
        data.map_or(0, |ebs| extra(chosen(ebs), included, ebs.volumes))
    };
    let of_root = |chosen: fn(&RootVolume) -> Option<u16>, included: u16| {
        root.map_or(0, |root| extra(chosen(root), included, 1))
    };
    let iops = of_data(|ebs| ebs.iops, INCLUDED_IOPS) + of_root(|root| root.iops, INCLUDED_IOPS);
    let mibps = of_data(|ebs| ebs.throughput, INCLUDED_MIBPS)
        + of_root(|root| root.throughput, INCLUDED_MIBPS);
    let mut components = Vec::new();
    let count = group.nodes.count;
    if iops > 0 {
        let price = catalog.iops(region)?;
        let kind = (ComponentKind::VolumeIops, Unit::IopsMonth);
        components.push(per_month(kind, count, iops, price));
    }
    if mibps > 0 {
        let price = catalog.throughput(region)?;
        let kind = (ComponentKind::VolumeThroughput, Unit::MibpsMonth);
        components.push(per_month(kind, count, mibps, price));
    }
    Ok(components)
}

/// The hourly price of a node is rounded up to the decimals of recorded rates, so that both agree.
fn per_month(
    (kind, unit): (ComponentKind, Unit),
    count: u16,
    of_node: u64,
    price: Price,
) -> Component {
    let month = price.usd.times(Decimal::from(of_node));
    let node = Usd::new(month.amount() / MONTH_HOURS).up_to(DECIMALS);
    Component {
        kind,
        volumes: None,
        quantity: of_node.saturating_mul(u64::from(count)),
        unit,
        unit_price: price.usd,
        hourly: node.times(Decimal::from(count)),
        source: price.source,
        note: price.note,
    }
}

fn per_node(kind: ComponentKind, count: u16, price: Price) -> Component {
    let unit_price = price.usd.up_to(DECIMALS);
    Component {
        kind,
        volumes: None,
        quantity: u64::from(count),
        unit: Unit::NodeHour,
        unit_price,
        hourly: unit_price.times(Decimal::from(count)),
        source: price.source,
        note: price.note,
    }
}

fn per_gib(kind: ComponentKind, count: u16, volumes: Volumes, price: Price) -> Component {
    let gib = u64::from(volumes.count).saturating_mul(volumes.gib);
    let of_month = per_month((kind, Unit::GibMonth), count, gib, price);
    Component {
        volumes: Some(volumes),
        note: volumes.note.or(of_month.note),
        ..of_month
    }
}
