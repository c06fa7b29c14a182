//! The error for a missing price; a price is never assumed to be $0.

use super::{BASE, Catalog, EVERYWHERE};
use crate::model::instance::InstanceType;
use crate::model::name::Region;
use serde::Serialize;
use std::cmp::Reverse;
use std::fmt;

/// The kinds of things that have a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// An EC2 instance.
    Ec2,
    /// EMR's fee for an instance.
    Emr,
    /// An EBS volume.
    Ebs,
    /// A public IPv4 address.
    Ipv4,
    /// Storage in S3.
    S3,
}

/// A price is not in the price list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoPrice {
    /// The kind of thing.
    pub item: Item,
    /// The name, such as an instance type or a kind of volume.
    pub name: String,
    /// The region.
    pub region: Region,
    /// The nearest name that has a price in the same region.
    pub there: Option<String>,
    /// The nearest region that has a price for the name.
    pub elsewhere: Option<String>,
}

impl std::error::Error for NoPrice {}

impl fmt::Display for NoPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, region, .. } = self;
        let item = match self.item {
            Item::Ec2 => "EC2",
            Item::Emr => "EMR",
            Item::Ebs => "EBS",
            Item::Ipv4 => "IPv4",
            Item::S3 => "S3",
        };
        write!(f, "no {item} price is known for {name} in {region}")?;
        match (&self.there, &self.elsewhere) {
            (Some(there), Some(elsewhere)) => {
                write!(
                    f,
                    "; {there} has one there, and {name} has one in {elsewhere}"
                )
            }
            (Some(there), None) => write!(f, "; the nearest that has one there is {there}"),
            (None, Some(elsewhere)) => {
                write!(f, "; the nearest region with a price for it is {elsewhere}")
            }
            (None, None) => Ok(()),
        }
    }
}

impl Catalog {
    pub(super) fn lack(&self, item: Item, region: &Region, of: &InstanceType) -> NoPrice {
        let sold = |region: &str, of: &InstanceType| self.stated(item, region, of).is_some();
        let there = self
            .types()
            .filter(|other| sold(region.as_str(), other))
            .min_by_key(|other| unlikeness(of, other));
        let elsewhere = self.regions().filter(|other| sold(other, of));
        NoPrice {
            item,
            name: of.to_string(),
            region: region.clone(),
            there: there.map(|other| other.to_string()),
            elsewhere: nearest(region, elsewhere),
        }
    }

    pub(super) fn lack_of(&self, item: Item, region: &Region, name: &str) -> NoPrice {
        let places = self.figures.get(&(item, name.to_owned()));
        let regions = places.into_iter().flat_map(|regions| regions.keys());
        let regions = regions
            .map(String::as_str)
            .filter(|name| *name != EVERYWHERE);
        NoPrice {
            item,
            name: name.to_owned(),
            region: region.clone(),
            there: None,
            elsewhere: nearest(region, regions),
        }
    }

    /// Every instance type of every family, in any region.
    pub fn types(&self) -> impl Iterator<Item = InstanceType> {
        self.families.iter().flat_map(|(name, family)| {
            let sizes = family.sizes.keys();
            sizes.filter_map(move |size| format!("{name}.{size}").parse().ok())
        })
    }
}

/// The region whose name has the longest common prefix, such as `eu-west-1` for `eu-west-9`; if
/// none has one, AWS's first region.
fn nearest<'a>(region: &Region, among: impl Iterator<Item = &'a str>) -> Option<String> {
    let alike = |other: &str| {
        let pairs = region.as_str().chars().zip(other.chars());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let continent = "eu-".len();
    among
        .min_by_key(|other| {
            let alike = Some(alike(other)).filter(|alike| *alike >= continent);
            (Reverse(alike), *other != BASE, *other)
        })
        .map(str::to_owned)
}

/// The distance between two types: by series (`m`), options such as the processor (`gd` of `m6gd`),
/// generation and size.
fn unlikeness(one: &InstanceType, other: &InstanceType) -> (bool, usize, u32, u32) {
    let (series, generation, options) = parts(one.family());
    let (other_series, other_generation, other_options) = parts(other.family());
    let missing = |from: &str, of: &str| of.chars().filter(|c| !from.contains(*c)).count();
    (
        series != other_series,
        missing(options, other_options) + missing(other_options, options),
        generation.abs_diff(other_generation),
        xlarges(one.size()).abs_diff(xlarges(other.size())),
    )
}

/// Splits a family: `m6gd` is `m`, 6 and `gd`.
fn parts(family: &str) -> (&str, u32, &str) {
    let digit = |c: char| c.is_ascii_digit();
    let begin = family.find(digit).unwrap_or(family.len());
    let rest = &family[begin..];
    let end = rest.find(|c| !digit(c)).unwrap_or(rest.len());
    (
        &family[..begin],
        rest[..end].parse().unwrap_or(0),
        &rest[end..],
    )
}

/// The number before `xlarge`; 0 for smaller sizes.
fn xlarges(size: &str) -> u32 {
    match size.strip_suffix("xlarge") {
        Some("") => 1,
        Some(number) => number.parse().unwrap_or(0),
        None => 0,
    }
}
