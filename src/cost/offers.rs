//! Converts AWS's prices of a region to a price list that overrides the bundled one. Implausible
//! prices are rejected as a whole: an incomplete list is worse than an old one.

use super::catalog::Catalog;
use super::product::Product;
use crate::model::instance::InstanceType;
use crate::model::name::Region;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The products of a region, by the query that returned them.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    /// On-demand instances: Linux, shared tenancy, no preinstalled software.
    pub ec2: Vec<Product>,
    /// EMR's fee for instances.
    pub emr: Vec<Product>,
    /// EBS volumes of kind gp2.
    pub gp2: Vec<Product>,
    /// EBS volumes of kind gp3.
    pub gp3: Vec<Product>,
    /// Public IPv4 addresses in use.
    pub addresses: Vec<Product>,
}

/// Why the prices are implausible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Implausible(String);

/// Prices of instance types in dollars per hour.
type ByType = BTreeMap<InstanceType, Decimal>;

/// The name of the source in the price list.
const SOURCE: &str = "price-api";

impl Offers {
    /// The price list with the types that `known` has or that EMR sells.
    ///
    /// # Errors
    /// Returns an error if a price is missing or $0, if something has several prices, or if fewer
    /// than half of the types that `known` has in this region are listed.
    pub fn text(
        &self,
        region: &Region,
        today: NaiveDate,
        known: &Catalog,
    ) -> Result<String, Implausible> {
        let emr = by_type("EMR", &self.emr, |_| true)?;
        let types: BTreeSet<InstanceType> = known.types().collect();
        let requested = |of: &InstanceType| types.contains(of) || emr.contains_key(of);
        let ec2 = by_type("EC2", &self.ec2, requested)?;
        let here: BTreeSet<InstanceType> = types
            .iter()
            .filter(|of| known.has(region, of))
            .cloned()
            .collect();
        complete("EC2", &ec2, &here)?;
        complete("EMR", &emr, &here)?;
        let mut text = format!(
            "# Prices of {region}, written by `clusterup prices refresh`.\n\
             source {SOURCE} {today} AWS Price List Query API, queried on {today}\n"
        );
        self.families(&types, &ec2, &mut text);
        for (item, prices) in [("ec2", &ec2), ("emr", &emr)] {
            for (of, usd) in prices.iter().filter(|(of, _)| ec2.contains_key(of)) {
                let _ = writeln!(text, "{item} {of} {usd} {SOURCE} {region}");
            }
        }
        for (name, products) in [
            ("ebs gp2", &self.gp2),
            ("ebs gp3", &self.gp3),
            ("ipv4 address", &self.addresses),
        ] {
            let usd = one(name, products.iter())?;
            let _ = writeln!(text, "{name} {usd} {SOURCE} {region}");
        }
        let read: Result<Catalog, _> = text.parse();
        read.map_err(|bad| Implausible(bad.to_string()))?;
        Ok(text)
    }

    /// The families that are not in the bundled list: whether they have their own disks, and with
    /// the fee rule of newer families.
    fn families(&self, known: &BTreeSet<InstanceType>, ec2: &ByType, text: &mut String) {
        let old: BTreeSet<&str> = known.iter().map(InstanceType::family).collect();
        let mut new: BTreeMap<&str, (bool, Vec<&str>)> = BTreeMap::new();
        for of in ec2.keys().filter(|of| !old.contains(of.family())) {
            let is_it = |product: &&Product| {
                product.attribute("instanceType") == Some(of.to_string().as_str())
            };
            let product = self.ec2.iter().find(is_it);
            let storage = product.and_then(|product| product.attribute("storage"));
            let ebs_only = storage.is_none_or(|storage| storage.eq_ignore_ascii_case("EBS only"));
            let family = new.entry(of.family()).or_insert((!ebs_only, Vec::new()));
            if of.size().ends_with("xlarge") {
                family.1.push(of.size());
            }
        }
        for (name, (own_disks, sizes)) in new {
            let disks = if own_disks { "own" } else { "ebs" };
            let sizes = sizes.join(" ");
            let _ = writeln!(text, "family {name} {disks} newer {SOURCE} {sizes}");
        }
    }
}

/// The price of each requested type.
fn by_type(
    what: &str,
    products: &[Product],
    requested: impl Fn(&InstanceType) -> bool,
) -> Result<ByType, Implausible> {
    let mut types: BTreeMap<InstanceType, Vec<&Product>> = BTreeMap::new();
    for product in products {
        let of = product.attribute("instanceType");
        let of = of.and_then(|name| name.parse::<InstanceType>().ok());
        if let Some(of) = of.filter(&requested) {
            types.entry(of).or_default().push(product);
        }
    }
    let price = |(of, products): (InstanceType, Vec<&Product>)| {
        let usd = one(&format!("{what} {of}"), products.into_iter())?;
        Ok((of, usd))
    };
    types.into_iter().map(price).collect()
}

/// The single price of several products.
fn one<'a>(
    what: &str,
    products: impl Iterator<Item = &'a Product>,
) -> Result<Decimal, Implausible> {
    let prices: BTreeSet<Decimal> = products.flat_map(Product::prices).collect();
    let mut prices = prices.into_iter();
    match (prices.next(), prices.next()) {
        (None, _) => Err(Implausible(format!("there is no price for {what}"))),
        (Some(usd), None) if usd > Decimal::ZERO => Ok(usd),
        (Some(usd), None) => Err(Implausible(format!("the price of {what} is ${usd}"))),
        (Some(one), Some(other)) => Err(Implausible(format!(
            "{what} has several prices: ${one} and ${other}"
        ))),
    }
}

fn complete(what: &str, found: &ByType, known: &BTreeSet<InstanceType>) -> Result<(), Implausible> {
    let there = known.iter().filter(|of| found.contains_key(of)).count();
    if found.is_empty() {
        return Err(Implausible(format!("there are no {what} prices in it")));
    }
    if there * 2 < known.len() {
        let known = known.len();
        return Err(Implausible(format!(
            "it has {what} prices for {there} of the {known} instance types that are known there"
        )));
    }
    Ok(())
}
