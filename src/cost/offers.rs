//! What AWS's price list says of a region, as a price text to lay over the bundled one. What is
//! not plausible is refused whole: a price list with a hole is worse than an old one.

use super::catalog::Catalog;
use super::product::Product;
use crate::model::instance::InstanceType;
use crate::model::name::Region;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The products of a region, by what they were asked for as.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    /// Instances on demand: Linux, shared tenancy, nothing installed.
    pub ec2: Vec<Product>,
    /// EMR's fee for instances.
    pub emr: Vec<Product>,
    pub gp2: Vec<Product>,
    pub gp3: Vec<Product>,
    /// Public IPv4 addresses in use.
    pub addresses: Vec<Product>,
}

/// Why the answer is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Implausible(String);

/// Prices of instance types in $/h.
type ByType = BTreeMap<InstanceType, Decimal>;

/// The source that a text names.
const SOURCE: &str = "price-api";

impl Offers {
    /// The price text, of the types that `known` has or that EMR sells.
    ///
    /// # Errors
    /// An answer without prices, of $0, of several prices for one thing, or of fewer than half of
    /// the types that `known` has in this region.
    pub fn text(
        &self,
        region: &Region,
        today: NaiveDate,
        known: &Catalog,
    ) -> Result<String, Implausible> {
        let emr = by_type("EMR", &self.emr, |_| true)?;
        let types: BTreeSet<InstanceType> = known.types().collect();
        let wanted = |of: &InstanceType| types.contains(of) || emr.contains_key(of);
        let ec2 = by_type("EC2", &self.ec2, wanted)?;
        let here: BTreeSet<InstanceType> = types
            .iter()
            .filter(|of| known.has(region, of))
            .cloned()
            .collect();
        complete("EC2", &ec2, &here)?;
        complete("EMR", &emr, &here)?;
        let mut text = format!(
            "# Prices of {region}, written by `clusterup prices refresh`.\n\
             source {SOURCE} {today} AWS Price List Query API, asked on {today}\n"
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

    /// The families that the bundled text does not have: whether they bring disks, and that their
    /// fee is the newer families'.
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

/// The one price of each type that is wanted.
fn by_type(
    what: &str,
    products: &[Product],
    wanted: impl Fn(&InstanceType) -> bool,
) -> Result<ByType, Implausible> {
    let mut types: BTreeMap<InstanceType, Vec<&Product>> = BTreeMap::new();
    for product in products {
        let of = product.attribute("instanceType");
        let of = of.and_then(|name| name.parse::<InstanceType>().ok());
        if let Some(of) = of.filter(&wanted) {
            types.entry(of).or_default().push(product);
        }
    }
    let price = |(of, products): (InstanceType, Vec<&Product>)| {
        let usd = one(&format!("{what} {of}"), products.into_iter())?;
        Ok((of, usd))
    };
    types.into_iter().map(price).collect()
}

/// The one price that products of the same thing have.
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
