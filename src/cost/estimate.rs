//! What a cluster will cost: a tree of groups and components with quantity, unit price and $/h.
//!
//! Per second with a minimum of 60 seconds per instance (EMR and EC2 pricing pages).

use super::catalog::{Catalog, NoPrice, Note, Price, Source, Volumes};
use crate::model::desired::InstanceGroups;
use crate::model::instance::Nodes;
use crate::model::instance_span::Role;
use crate::model::money::Usd;
use crate::model::name::Region;
use crate::model::rates::{DECIMALS, NodeRate, Rates};
use crate::model::span::Span;
use crate::model::stack::{InstanceGroup, Market, VolumeKind};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

/// A cluster's price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    pub region: Region,
    /// The primary first.
    pub groups: Vec<GroupCost>,
    /// All of it in $/h.
    pub hourly: Usd,
    /// The date of the oldest figure in it.
    pub as_of: NaiveDate,
    /// What it does not count.
    pub unpriced: Vec<Unpriced>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupCost {
    pub role: Role,
    pub nodes: Nodes,
    pub market: Market,
    pub components: Vec<Component>,
    /// One node in $/h.
    pub node_hourly: Usd,
    /// All of its nodes in $/h.
    pub hourly: Usd,
}

/// One thing that a group pays for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Component {
    pub kind: ComponentKind,
    /// Of one node, where it is volumes.
    pub volumes: Option<Volumes>,
    /// Of the whole group: nodes, or GiB where the unit is a GiB-month.
    pub quantity: u64,
    pub unit: Unit,
    pub unit_price: Usd,
    /// Of the whole group in $/h.
    pub hourly: Usd,
    pub source: Source,
    /// What of it is not certain.
    pub note: Option<Note>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    Ec2,
    EmrFee,
    DataVolumes,
    RootVolume,
    PublicAddress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    NodeHour,
    /// Of 730 hours.
    GibMonth,
}

/// What a bill has besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unpriced {
    /// Storage and requests of the bucket.
    S3,
    DataTransfer,
    CloudWatch,
}

/// EMR's root volume (EMR Management Guide: gp3 of 15 GiB from emr-6.15.0 on).
const ROOT: Volumes = Volumes {
    kind: VolumeKind::Gp3,
    count: 1,
    gib: 15,
    note: None,
};

/// Hours in the month of a GiB-month (EBS pricing page).
const MONTH_HOURS: Decimal = Decimal::from_parts(730, 0, 0, false, 0);

/// Seconds that each instance is charged at least.
pub const LEAST_SECONDS: u64 = 60;

impl Estimate {
    /// The price of a cluster of these groups; an error where one of its parts has none.
    pub fn of(
        catalog: &Catalog,
        region: &Region,
        groups: &InstanceGroups,
    ) -> Result<Self, NoPrice> {
        let roles = [
            (Role::Primary, Some(&groups.primary)),
            (Role::Core, groups.core.as_ref()),
            (Role::Task, groups.task.as_ref()),
        ];
        let groups: Vec<GroupCost> = roles
            .into_iter()
            .filter_map(|(role, group)| Some(group_cost(catalog, region, role, group?)))
            .collect::<Result<_, _>>()?;
        let components = groups.iter().flat_map(|group| &group.components);
        let as_of = components.map(|component| component.source.as_of).min();
        Ok(Self {
            region: region.clone(),
            hourly: groups.iter().map(|group| group.hourly).sum(),
            groups,
            as_of: as_of.unwrap_or_default(),
            unpriced: vec![Unpriced::S3, Unpriced::DataTransfer, Unpriced::CloudWatch],
        })
    }

    /// A run of this length, of all nodes; never less than the minimum of 60 seconds.
    pub fn run(&self, length: Span) -> Usd {
        for_seconds(self.hourly, length.as_secs().max(LEAST_SECONDS))
    }

    /// The most that it can cost: all nodes until the hard deadline and through their termination,
    /// and the minimum of 60 seconds of one instance that was replaced in each node's place.
    pub fn worst(&self, hard_deadline: Span, terminating: Span) -> Usd {
        let seconds = [hard_deadline, terminating].map(Span::as_secs);
        let seconds = seconds.into_iter().fold(LEAST_SECONDS, u64::saturating_add);
        for_seconds(self.hourly, seconds)
    }

    /// $/h per node of each role, to be frozen with the cluster.
    pub fn rates(&self) -> Option<Rates> {
        let of = |role| {
            let group = self.groups.iter().find(|group| group.role == role);
            group.map(GroupCost::node_rate)
        };
        Some(Rates {
            primary: of(Role::Primary)?,
            core: of(Role::Core),
            task: of(Role::Task),
        })
    }

    /// What of it is not certain, each once.
    pub fn notes(&self) -> Vec<Note> {
        let components = self.groups.iter().flat_map(|group| &group.components);
        let mut notes: Vec<Note> = components.filter_map(|component| component.note).collect();
        notes.sort_unstable();
        notes.dedup();
        notes
    }
}

/// $/h for so many seconds.
pub(super) fn for_seconds(hourly: Usd, seconds: u64) -> Usd {
    Usd::new(hourly.amount() * Decimal::from(seconds) / Decimal::from(3_600))
}

impl GroupCost {
    fn node_rate(&self) -> NodeRate {
        let of = |kinds: &[ComponentKind]| -> Usd {
            let parts = self.components.iter();
            let all: Usd = parts
                .filter(|component| kinds.contains(&component.kind))
                .map(|component| component.hourly)
                .sum();
            // A group's $/h is its nodes times a node's, so this comes out even.
            Usd::new(all.amount() / Decimal::from(self.nodes.count.max(1)))
        };
        NodeRate::new(
            of(&[ComponentKind::Ec2]),
            of(&[ComponentKind::EmrFee]),
            of(&[ComponentKind::DataVolumes, ComponentKind::RootVolume]),
            of(&[ComponentKind::PublicAddress]),
        )
    }
}

fn group_cost(
    catalog: &Catalog,
    region: &Region,
    role: Role,
    group: &InstanceGroup,
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
    components.push(per_gib(ComponentKind::RootVolume, count, ROOT, price));
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

/// The volumes that the stack names, or else EMR's.
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

/// A node's volumes per hour are rounded up to what frozen rates hold, so that both agree.
fn per_gib(kind: ComponentKind, count: u16, volumes: Volumes, price: Price) -> Component {
    let gib = u64::from(volumes.count).saturating_mul(volumes.gib);
    let month = price.usd.times(Decimal::from(gib));
    let node = Usd::new(month.amount() / MONTH_HOURS).up_to(DECIMALS);
    Component {
        kind,
        volumes: Some(volumes),
        quantity: gib.saturating_mul(u64::from(count)),
        unit: Unit::GibMonth,
        unit_price: price.usd,
        hourly: node.times(Decimal::from(count)),
        source: price.source,
        note: volumes.note.or(price.note),
    }
}
