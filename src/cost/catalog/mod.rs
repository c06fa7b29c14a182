//! The price list: the bundled `prices.txt`, and price lists that override it.

mod fee;
mod missing_price;
mod read;
mod volumes;

pub use missing_price::{Item, NoPrice};
pub use volumes::Volumes;

use crate::model::instance::InstanceType;
use crate::model::money::Usd;
use crate::model::name::Region;
use crate::model::stack::VolumeKind;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The source of a figure, and its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Source {
    /// The source's name in the price list, such as `price-api`.
    pub name: String,
    /// The date of the source.
    pub as_of: NaiveDate,
    /// A description of the source.
    pub says: String,
}

/// A price and its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Price {
    /// Dollars, in the unit of the item: per hour, or per GiB-month.
    pub usd: Usd,
    /// Where the price comes from.
    pub source: Source,
    /// Why the price is not certain, if it is not.
    pub note: Option<Note>,
}

/// Why a price is not certain. If a rule has two interpretations, the price is the higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A spot instance priced as on demand, which is the most that it costs.
    SpotAtOnDemand,
    /// The source is marked as doubtful.
    DoubtfulSource,
    /// An EMR fee above $0.27/h of a family for which it is not published whether the cap applies.
    FeeCapUnproven,
    /// An EMR fee of an old family, which may be based on former prices.
    FeeOfOldFamily,
    /// An EMR fee in GovCloud, where the rule is known from a single type.
    FeeOfGovCloud,
    /// EMR's default volumes for a size that its guide does not list.
    VolumesUndocumented,
}

/// How EMR's fee follows from EC2's price; `prices.txt` explains the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FeeRule {
    Capped,
    Exact,
    Newer,
    Older,
    Old,
}

#[derive(Debug, Clone)]
struct Family {
    /// Whether instances have their own disks, so that EMR adds no volumes.
    own_disks: bool,
    fee: FeeRule,
    source: Arc<Source>,
    /// Each size with its price as a multiple of the family's base price.
    sizes: BTreeMap<String, Decimal>,
}

/// A listed price; `None` if the item is not sold there.
#[derive(Debug, Clone)]
struct Figure {
    usd: Option<Usd>,
    source: Arc<Source>,
}

/// The volumes that EMR adds to an instance of a size.
#[derive(Debug, Clone)]
struct DefaultVolumes {
    count: u16,
    gib: u64,
    source: Arc<Source>,
}

/// Prices by region.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    families: BTreeMap<String, Family>,
    /// Prices by item and name, then by region.
    figures: BTreeMap<(Item, String), BTreeMap<String, Figure>>,
    volumes: BTreeMap<String, DefaultVolumes>,
}

/// The region of a figure that applies in every region.
const EVERYWHERE: &str = "*";

/// The region whose EC2 prices determine EMR's fee.
const BASE: &str = "us-east-1";

/// The maximum number of decimals in EC2's prices.
const EC2_DECIMALS: u32 = 6;

static BUNDLED: LazyLock<Catalog> = LazyLock::new(|| {
    let read = include_str!("../prices.txt").parse();
    read.expect("the bundled prices are read by tests")
});

impl Catalog {
    /// The prices that are part of this program.
    pub fn bundled() -> &'static Self {
        &BUNDLED
    }

    /// Merges another catalog into this one: of each figure the one with the newer date is used,
    /// and of equal dates the other catalog's.
    pub fn overlay(&mut self, other: Self) {
        for (name, family) in other.families {
            match self.families.get_mut(&name) {
                Some(own) => own.overlay(family),
                None => _ = self.families.insert(name, family),
            }
        }
        for (name, regions) in other.figures {
            let own = self.figures.entry(name).or_default();
            for (region, figure) in regions {
                let newer = |own: &Figure| own.source.as_of <= figure.source.as_of;
                if own.get(&region).is_none_or(newer) {
                    own.insert(region, figure);
                }
            }
        }
        for (size, volumes) in other.volumes {
            let newer = |own: &DefaultVolumes| own.source.as_of <= volumes.source.as_of;
            if self.volumes.get(&size).is_none_or(newer) {
                self.volumes.insert(size, volumes);
            }
        }
    }

    /// The regions in which instances have prices.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        let mut regions: Vec<&str> = self
            .figures
            .iter()
            .filter(|((item, _), _)| *item == Item::Ec2)
            .flat_map(|(_, regions)| regions.keys().map(String::as_str))
            .collect();
        regions.sort_unstable();
        regions.dedup();
        regions.into_iter()
    }

    /// The newest date of an instance's price; `None` if there is none.
    pub fn as_of(&self) -> Option<NaiveDate> {
        let instances = self.figures.iter();
        let instances = instances.filter(|((item, _), _)| *item == Item::Ec2);
        let figures = instances.flat_map(|(_, regions)| regions.values());
        figures.map(|figure| figure.source.as_of).max()
    }

    /// Whether an instance type has a price in a region.
    pub fn has(&self, region: &Region, instance_type: &InstanceType) -> bool {
        let price = self.stated(Item::Ec2, region.as_str(), instance_type);
        price.is_some()
    }

    /// The price of an on-demand instance with Linux and shared tenancy, in dollars per hour.
    ///
    /// # Errors
    /// Returns an error if the price is unknown.
    pub fn ec2(&self, region: &Region, instance_type: &InstanceType) -> Result<Price, NoPrice> {
        self.stated(Item::Ec2, region.as_str(), instance_type)
            .map(|(price, _)| price)
            .ok_or_else(|| self.lack(Item::Ec2, region, instance_type))
    }

    /// The price of a volume in dollars per GiB-month of 730 hours.
    ///
    /// # Errors
    /// Returns an error if the price is unknown.
    pub fn volume(&self, region: &Region, kind: VolumeKind) -> Result<Price, NoPrice> {
        self.plain(Item::Ebs, region, kind.as_str())
    }

    /// The price of an operation per second of a gp3 volume, above 3000, in dollars per month of 730
    /// hours.
    ///
    /// # Errors
    /// Returns an error if the price is unknown.
    pub fn iops(&self, region: &Region) -> Result<Price, NoPrice> {
        self.plain(Item::Ebs, region, "gp3-iops")
    }

    /// The price of a MiB/s of a gp3 volume, above 125, in dollars per month of 730 hours.
    ///
    /// # Errors
    /// Returns an error if the price is unknown.
    pub fn throughput(&self, region: &Region) -> Result<Price, NoPrice> {
        self.plain(Item::Ebs, region, "gp3-mibps")
    }

    /// The price of a public IPv4 address in dollars per hour.
    ///
    /// # Errors
    /// Returns an error if the price is unknown.
    pub fn address(&self, region: &Region) -> Result<Price, NoPrice> {
        self.plain(Item::Ipv4, region, "address")
    }

    /// The price of storage in the class S3 Standard in dollars per GiB-month, of the first 50 TiB.
    ///
    /// # Errors
    /// Returns an error if the price is unknown.
    pub fn storage(&self, region: &Region) -> Result<Price, NoPrice> {
        self.plain(Item::S3, region, "standard")
    }

    fn plain(&self, item: Item, region: &Region, name: &str) -> Result<Price, NoPrice> {
        let figure = self
            .figure(item, name, region.as_str())
            .or_else(|| self.figure(item, name, EVERYWHERE));
        figure
            .and_then(|figure| Some(figure.price(figure.usd?)))
            .ok_or_else(|| self.lack_of(item, region, name))
    }

    fn figure(&self, item: Item, name: &str, region: &str) -> Option<&Figure> {
        self.figures.get(&(item, name.to_owned()))?.get(region)
    }

    /// The listed price of a type or, if it is newer, of its family; and whether it is that of the
    /// type.
    fn stated(&self, item: Item, region: &str, of: &InstanceType) -> Option<(Price, bool)> {
        let own = self.figure(item, &of.to_string(), region);
        let family = self.families.get(of.family()).and_then(|family| {
            let factor = family.sizes.get(of.size())?;
            Some((self.figure(item, of.family(), region)?, *factor))
        });
        match (own, family) {
            (Some(own), Some((family, _))) if own.source.as_of >= family.source.as_of => {
                Some((own.price(own.usd?), true))
            }
            (Some(own), None) => Some((own.price(own.usd?), true)),
            (_, Some((family, factor))) => {
                let usd = family.usd?.times(factor).amount();
                let usd = Usd::new(usd.round_dp(EC2_DECIMALS).normalize());
                Some((family.price(usd), false))
            }
            (None, None) => None,
        }
    }
}

impl Family {
    fn overlay(&mut self, other: Self) {
        if self.source.as_of <= other.source.as_of {
            self.own_disks = other.own_disks;
            self.fee = other.fee;
            self.source = other.source;
            self.sizes.extend(other.sizes);
        } else {
            for (size, factor) in other.sizes {
                self.sizes.entry(size).or_insert(factor);
            }
        }
    }
}

impl Figure {
    fn price(&self, usd: Usd) -> Price {
        Price {
            usd,
            source: Source::clone(&self.source),
            note: self
                .source
                .name
                .ends_with('?')
                .then_some(Note::DoubtfulSource),
        }
    }
}
