//! A product of AWS's price list, as returned by its Query API: attributes and on-demand prices.

use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A product: its attributes, such as `instanceType`, and its distinct prices in dollars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    attributes: BTreeMap<String, String>,
    usd: BTreeSet<Decimal>,
}

/// Keys below `terms` are SKUs, so only their values are used.
#[derive(Deserialize)]
struct Written {
    product: Described,
    #[serde(default)]
    terms: Terms,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Terms {
    #[serde(rename = "OnDemand", default)]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    #[serde(default)]
    price_dimensions: BTreeMap<String, Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    /// The price by currency; a decimal as text.
    price_per_unit: BTreeMap<String, String>,
}

impl Product {
    /// Parses one entry of a reply's `PriceList`.
    ///
    /// # Errors
    /// Returns what cannot be read.
    pub fn parse(json: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let dimensions = written.terms.on_demand.into_values();
        let prices = dimensions
            .flat_map(|term| term.price_dimensions.into_values())
            .map(|dimension| usd(&dimension));
        Ok(Self {
            usd: prices.collect::<Result<_, _>>()?,
            attributes: written.product.attributes,
        })
    }

    /// The value of an attribute such as `instanceType`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// The distinct prices in dollars per unit; more than one if the price has tiers.
    pub fn prices(&self) -> impl Iterator<Item = Decimal> {
        self.usd.iter().copied()
    }
}

fn usd(dimension: &Dimension) -> Result<Decimal, String> {
    let text = dimension.price_per_unit.get("USD");
    let text = text.ok_or("a price that is not in dollars")?;
    let number: Decimal = text
        .parse()
        .map_err(|_| format!("{text:?} is not a price"))?;
    Ok(number.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    const M5: &str = r#"{"product": {"productFamily": "Compute Instance", "sku": "S",
        "attributes": {"instanceType": "m5.xlarge", "storage": "EBS only"}},
        "serviceCode": "AmazonEC2", "terms": {"OnDemand": {"S.T": {"priceDimensions": {
        "S.T.R": {"unit": "Hrs", "pricePerUnit": {"USD": "0.1920000000"}}}}},
        "Reserved": {"S.X": {"priceDimensions": {"S.X.R": {"pricePerUnit": {"USD": "9"}}}}}}}"#;

    #[test]
    fn the_price_on_demand_is_a_decimal() {
        let product = Product::parse(M5).unwrap();
        let prices: Vec<_> = product.prices().collect();
        assert_eq!(prices, [Decimal::new(192, 3)]);
        assert_eq!(product.attribute("instanceType"), Some("m5.xlarge"));
        assert_eq!(product.attribute("tenancy"), None);
    }

    #[test]
    fn an_invalid_product_is_reported() {
        for (bad, told) in [
            ("{}", "product"),
            ("<html>", "expected value"),
            (&M5.replace("USD", "CNY"), "not in dollars"),
            (&M5.replace("0.1920000000", "free"), "not a price"),
        ] {
            let why = Product::parse(bad).unwrap_err();
            assert!(why.contains(told), "{why}");
        }
        let unsold = M5.replace("OnDemand", "Capacity");
        assert_eq!(Product::parse(&unsold).unwrap().prices().count(), 0);
    }
}
