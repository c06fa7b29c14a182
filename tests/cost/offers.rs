//! AWS's price list of a region becomes a price text, or is refused as a whole.

use crate::usd;
use clusterup::cost::catalog::Catalog;
use clusterup::cost::offers::Offers;
use clusterup::cost::product::Product;
use clusterup::model::instance::InstanceType;
use clusterup::model::name::Region;
use clusterup::model::stack::VolumeKind;
use serde_json::json;

fn region() -> Region {
    "ap-northeast-2".parse().unwrap()
}

fn kind(name: &str) -> InstanceType {
    name.parse().unwrap()
}

fn product(attributes: &[(&str, &str)], usd: &str) -> Product {
    let attributes: serde_json::Map<_, _> = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let dimension = json!({ "S.T.R": { "unit": "Hrs", "pricePerUnit": { "USD": usd } } });
    let written = json!({
        "product": { "attributes": attributes },
        "terms": { "OnDemand": { "S.T": { "priceDimensions": dimension } } },
    });
    Product::parse(&written.to_string()).unwrap()
}

fn instance(name: &str, usd: &str) -> Product {
    product(&[("instanceType", name), ("storage", "EBS only")], usd)
}

/// All that is known of Seoul, as AWS would say it.
fn whole() -> Offers {
    let known = Catalog::bundled();
    let types: Vec<_> = known
        .types()
        .filter(|of| known.has(&region(), of))
        .collect();
    let say = |price: &dyn Fn(&InstanceType) -> String| {
        let products = types.iter();
        products
            .map(|of| instance(&of.to_string(), &price(of)))
            .collect::<Vec<_>>()
    };
    Offers {
        ec2: say(&|of| known.ec2(&region(), of).unwrap().usd.amount().to_string()),
        emr: say(&|of| known.emr(&region(), of).unwrap().usd.amount().to_string()),
        gp2: vec![product(&[], "0.1140000000")],
        gp3: vec![product(&[], "0.0912000000")],
        addresses: vec![product(&[], "0.0050000000")],
    }
}

fn reported(offers: &Offers) -> Result<Catalog, String> {
    let today = "2026-11-21".parse().unwrap();
    let text = offers.text(&region(), today, Catalog::bundled());
    let mut catalog = Catalog::bundled().clone();
    catalog.overlay(text.map_err(|why| why.to_string())?.parse().unwrap());
    Ok(catalog)
}

fn replace(products: &mut [Product], name: &str, usd: &str) {
    let is_it = |product: &&mut Product| product.attribute("instanceType") == Some(name);
    *products.iter_mut().find(is_it).unwrap() = instance(name, usd);
}

#[test]
fn a_refresh_replaces_every_figure() {
    let mut offers = whole();
    replace(&mut offers.ec2, "m5.xlarge", "0.2500000000");
    replace(&mut offers.emr, "m5.xlarge", "0.0500000000");
    // EMR sells it, and it has disks of its own; EMR does not sell the other.
    let storage = ("storage", "1 x 237 NVMe SSD");
    offers
        .ec2
        .push(product(&[("instanceType", "m9gd.xlarge"), storage], "0.3"));
    offers.emr.push(instance("m9gd.xlarge", "0.07"));
    offers.ec2.push(instance("t9.micro", "0.0100000000"));
    let prices = reported(&offers).unwrap();
    let ec2 = prices.ec2(&region(), &kind("m5.xlarge")).unwrap();
    assert_eq!(
        (ec2.usd, ec2.source.name.as_str()),
        (usd("0.25"), "price-api")
    );
    assert_eq!(ec2.source.as_of.to_string(), "2026-11-21");
    let emr = prices.emr(&region(), &kind("r5.8xlarge")).unwrap();
    assert_eq!((emr.source.name.as_str(), emr.note), ("price-api", None));
    let volume = prices.volume(&region(), VolumeKind::Gp3).unwrap();
    assert_eq!(
        (volume.usd, volume.source.name.as_str()),
        (usd("0.0912"), "price-api")
    );
    let new = kind("m9gd.xlarge");
    assert_eq!(prices.ec2(&region(), &new).unwrap().usd, usd("0.3"));
    assert_eq!(prices.emr(&region(), &new).unwrap().usd, usd("0.07"));
    assert!(prices.default_volumes(&new).is_none());
    assert!(prices.ec2(&region(), &kind("t9.micro")).is_err());
    // Elsewhere nothing has changed.
    let home = "us-east-1".parse().unwrap();
    assert_eq!(
        prices.ec2(&home, &kind("m5.xlarge")).unwrap().source.name,
        "2026"
    );
}

#[test]
fn a_new_family_has_the_sizes_that_yarn_runs_on() {
    let mut offers = whole();
    for (name, usd) in [
        ("m9g.large", "0.1"),
        ("m9g.xlarge", "0.2"),
        ("m9g.2xlarge", "0.4"),
    ] {
        offers.ec2.push(instance(name, usd));
        offers.emr.push(instance(name, usd));
    }
    let today = "2026-11-21".parse().unwrap();
    let text = offers.text(&region(), today, Catalog::bundled()).unwrap();
    let family = text.lines().find(|line| line.starts_with("family "));
    assert_eq!(
        family,
        Some("family m9g ebs newer price-api 2xlarge xlarge")
    );
}

#[test]
fn half_of_what_is_known_is_enough() {
    let known = "source t 2026-11-01 a test\nfamily m9 ebs newer t xlarge 2xlarge\n\
                 ec2 m9 0.2 t ap-northeast-2\n";
    let known: Catalog = known.parse().unwrap();
    let mut offers = whole();
    offers.ec2 = vec![instance("m9.xlarge", "0.2")];
    offers.emr = vec![instance("m9.xlarge", "0.05")];
    let today = "2026-11-21".parse().unwrap();
    assert!(offers.text(&region(), today, &known).is_ok());
}

#[test]
fn nonsense_is_refused_whole() {
    type Spoil = fn(&mut Offers);
    let cases: [(Spoil, &str); 8] = [
        (|o| *o = Offers::default(), "there are no EC2 prices in it"),
        (|o| o.emr.clear(), "there are no EMR prices in it"),
        (|o| o.ec2.truncate(100), "EC2 prices for 100 of the "),
        (
            |o| replace(&mut o.ec2, "m5.xlarge", "0.0"),
            "the price of EC2 m5.xlarge is $0",
        ),
        (
            |o| o.ec2.push(instance("m5.xlarge", "0.3")),
            "EC2 m5.xlarge has several prices: ",
        ),
        (|o| o.gp2.clear(), "there is no price for ebs gp2"),
        (
            |o| o.gp3.push(product(&[], "0.09")),
            "ebs gp3 has several prices: $0.09 and $0.0912",
        ),
        (|o| replace(&mut o.emr, "m5.xlarge", "999999999"), "line "),
    ];
    for (spoil, why) in cases {
        let mut offers = whole();
        spoil(&mut offers);
        let message = reported(&offers).unwrap_err();
        assert!(message.contains(why), "{message}");
    }
}
