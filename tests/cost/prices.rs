//! The price file against figures that others have collected, and its reports of missing prices.

use crate::usd;
use clusterup::cost::catalog::{Catalog, Note};
use clusterup::cost::shape::shape;
use clusterup::model::instance::InstanceType;
use clusterup::model::name::Region;
use clusterup::model::stack::VolumeKind;
use rust_decimal::Decimal;

/// Region, type, EC2 and at least EMR in $/h, as collected from AWS's price files of 2025-04 and
/// 2026-07.
const COLLECTED: &[(&str, &str, &str, &str)] = &[
    ("af-south-1", "m6gd.8xlarge", "1.92", "0.3616"),
    ("ap-northeast-1", "c7a.24xlarge", "6.2016", "1.23168"),
    ("ap-northeast-1", "d2.4xlarge", "3.376", "0.27"),
    ("ap-northeast-1", "i7ie.3xlarge", "1.8354", "0.38985"),
    ("ap-northeast-1", "m3.2xlarge", "0.77", "0.14"),
    ("ap-northeast-1", "p5.48xlarge", "123.19496", "13.76"),
    ("ap-northeast-1", "r7g.16xlarge", "4.1344", "0.8568"),
    ("ap-northeast-2", "g5.8xlarge", "3.01012", "0.612"),
    ("ap-northeast-2", "i2.2xlarge", "2.001", "0.27"),
    ("ap-northeast-2", "m5.xlarge", "0.236", "0.048"),
    ("ap-northeast-2", "r5n.4xlarge", "1.424", "0.27"),
    ("ap-south-1", "m6a.xlarge", "0.1111", "0.0432"),
    ("ap-south-1", "m6i.8xlarge", "1.616", "0.384"),
    ("ap-south-1", "m6idn.4xlarge", "1.3572", "0.31824"),
    ("ap-south-1", "r7i.12xlarge", "3.276", "0.7938"),
    ("ap-southeast-1", "c6id.24xlarge", "5.6448", "1.2096"),
    ("ap-southeast-1", "m2.2xlarge", "0.592", "0.123"),
    ("ap-southeast-1", "p2.16xlarge", "27.488", "0.27"),
    ("ap-southeast-1", "r6a.8xlarge", "2.1888", "0.4536"),
    ("ap-southeast-2", "is4gen.xlarge", "0.69105", "0.144075"),
    ("ca-central-1", "x2iedn.8xlarge", "7.336", "1.66725"),
    ("eu-central-1", "d3en.2xlarge", "1.385", "0.26275"),
    ("eu-central-1", "g4dn.8xlarge", "2.72", "0.27"),
    ("eu-central-1", "i4i.8xlarge", "3.274", "0.6865"),
    ("eu-central-1", "m5n.12xlarge", "3.384", "0.27"),
    ("eu-central-1", "p4d.24xlarge", "40.94475", "5.48941"),
    ("eu-central-1", "r6g.xlarge", "0.2432", "0.0504"),
    ("eu-central-1", "x1.32xlarge", "18.674", "0.27"),
    ("eu-central-1", "z1d.6xlarge", "2.7", "0.27"),
    ("eu-central-2", "c6in.8xlarge", "2.2768", "0.4536"),
    ("eu-north-1", "c7i-flex.12xlarge", "2.17854", "0.508725"),
    ("eu-west-1", "c6a.4xlarge", "0.65664", "0.153"),
    ("eu-west-1", "m5a.16xlarge", "3.072", "0.27"),
    ("eu-west-1", "m5ad.2xlarge", "0.46", "0.103"),
    ("eu-west-1", "m5zn.2xlarge", "0.7364", "0.165"),
    ("eu-west-1", "m6in.16xlarge", "4.97952", "1.11384"),
    ("eu-west-1", "r7gd.8xlarge", "2.4192", "0.544325"),
    ("eu-west-2", "r5ad.xlarge", "0.308", "0.066"),
    ("eu-west-3", "m6g.4xlarge", "0.72", "0.154"),
    ("me-south-1", "i3en.2xlarge", "1.095", "0.226"),
    ("me-south-1", "m5.2xlarge", "0.471", "0.096"),
    ("me-south-1", "m8g.12xlarge", "2.96208", "0.53856"),
    ("sa-east-1", "c7g.16xlarge", "3.5546", "0.58"),
    ("sa-east-1", "r6gd.2xlarge", "0.7296", "0.1152"),
    ("us-east-1", "c3.xlarge", "0.21", "0.053"),
    ("us-east-1", "c4.8xlarge", "1.591", "0.27"),
    ("us-east-1", "c5.12xlarge", "2.04", "0.27"),
    ("us-east-1", "m4.large", "0.1", "0.03"),
    ("us-east-1", "m5.xlarge", "0.192", "0.048"),
    ("us-east-1", "r5.16xlarge", "4.032", "0.27"),
    ("us-east-1", "x1e.4xlarge", "3.336", "0.27"),
    ("us-east-1", "x2idn.16xlarge", "6.669", "1.66725"),
    ("us-east-2", "c6gd.16xlarge", "2.4576", "0.6144"),
    ("us-east-2", "m7g.16xlarge", "2.6112", "0.6528"),
    ("us-east-2", "m7gd.2xlarge", "0.4271", "0.106775"),
    ("us-east-2", "r3.xlarge", "0.332", "0.083"),
    ("us-east-2", "r5d.8xlarge", "2.304", "0.27"),
    ("us-east-2", "r6id.12xlarge", "3.6288", "0.9072"),
    ("us-gov-west-1", "r5dn.8xlarge", "3.216", "0.27"),
    ("us-west-2", "c4.large", "0.1", "0.026"),
    ("us-west-2", "c5ad.8xlarge", "1.376", "0.27"),
    ("us-west-2", "c7gn.8xlarge", "1.9968", "0.4992"),
    ("us-west-2", "gr6.4xlarge", "1.5392", "0.3848"),
    ("us-west-2", "i3.16xlarge", "4.992", "0.27"),
    ("us-west-2", "m7i-flex.2xlarge", "0.38304", "0.09576"),
    ("us-west-2", "r5b.2xlarge", "0.596", "0.149"),
    ("us-west-2", "r6in.16xlarge", "5.57856", "1.39464"),
    ("us-west-2", "r8g.48xlarge", "11.31072", "2.82768"),
];

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

fn kind(name: &str) -> InstanceType {
    name.parse().unwrap()
}

fn catalog(text: &str) -> Catalog {
    text.parse().unwrap()
}

#[test]
fn collected_prices_hold_for_any_count() {
    let mut checked = 0;
    for (place, name, ec2, emr) in COLLECTED {
        let groups = |count: u16| crate::cluster(count - 1, name);
        for count in [1_u16, 3, 40] {
            let estimate = crate::estimate(place, &groups(count));
            let rates = estimate.rates().unwrap();
            let got = rates.primary.ec2().times(count.into()).amount();
            let want = usd(ec2).times(count.into()).amount();
            let off = (got - want).abs() / want;
            assert!(
                off < Decimal::new(1, 2),
                "{place} {name}: {got}, not {want}"
            );
            let fee = rates.primary.emr();
            assert!(
                fee >= usd(emr),
                "{place} {name}: the fee is {fee}, not {emr}"
            );
            checked += 1;
        }
    }
    assert!(checked >= 200, "{checked}");
}

#[test]
fn every_price_is_found_with_a_fee_a_shape_and_volumes() {
    let prices = Catalog::bundled();
    let mut found = 0;
    for place in prices.regions().map(region) {
        for name in prices.types() {
            if !prices.has(&place, &name) {
                continue;
            }
            let price = prices.ec2(&place, &name).unwrap();
            found += 1;
            assert!(price.usd > usd("0"), "{place} {name}");
            assert!(prices.emr(&place, &name).unwrap().usd > usd("0"), "{name}");
            // All that is too small for YARN.
            let known = shape(&name).is_some() || name == kind("m1.small");
            assert!(known, "{name} has no shape");
        }
    }
    assert!(found > 11_000, "{found}");
    for place in [
        "us-east-1",
        "us-east-2",
        "us-west-2",
        "eu-west-1",
        "eu-central-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-southeast-1",
        "ap-south-1",
    ] {
        let place = region(place);
        for kind in [VolumeKind::Gp2, VolumeKind::Gp3] {
            assert!(prices.volume(&place, kind).is_ok(), "{place}");
        }
        assert_eq!(prices.address(&place).unwrap().usd, usd("0.005"), "{place}");
    }
}

#[test]
fn published_fees_hold() {
    for (name, fee, note) in [
        ("m5.xlarge", "0.048", None),
        ("m5.12xlarge", "0.27", None),
        ("m5d.xlarge", "0.057", None),
        ("m5d.4xlarge", "0.226", None),
        ("m5d.24xlarge", "0.27", None),
        ("r5d.4xlarge", "0.27", None),
        ("i3.4xlarge", "0.27", None),
        ("r7g.8xlarge", "0.4284", None),
        ("x2iedn.32xlarge", "6.669", None),
        ("m3.xlarge", "0.07", Some(Note::FeeOfOldFamily)),
        ("m4.large", "0.03", None),
        ("m4.xlarge", "0.06", Some(Note::FeeOfOldFamily)),
        ("c4.large", "0.026", None),
        ("m1.medium", "0.022", None),
        // Not published: the dearer reading.
        ("r5.8xlarge", "0.504", Some(Note::FeeCapUnproven)),
        ("m6i.8xlarge", "0.384", Some(Note::FeeCapUnproven)),
        ("c5.xlarge", "0.043", None),
        ("p4d.24xlarge", "8.19315", Some(Note::DoubtfulSource)),
    ] {
        for place in ["us-east-1", "us-east-2", "eu-west-1"] {
            let Ok(price) = Catalog::bundled().emr(&region(place), &kind(name)) else {
                continue;
            };
            assert_eq!((price.usd, price.note), (usd(fee), note), "{place} {name}");
        }
    }
    // Published as 8.0028; a quarter of the price that is stated for EC2 is dearer.
    let gov = Catalog::bundled()
        .emr(&region("us-gov-east-1"), &kind("x2iedn.32xlarge"))
        .unwrap();
    assert_eq!(
        (gov.usd, gov.note),
        (usd("8.003"), Some(Note::FeeOfGovCloud))
    );
}

#[test]
fn a_missing_price_is_reported_with_similar_types() {
    for (place, name, reported) in [
        (
            "us-east-1",
            "m6i.3xlarge",
            "no EC2 price is known for m6i.3xlarge in us-east-1; \
             the nearest that has one there is m6i.2xlarge",
        ),
        (
            "ap-south-1",
            "m7a.xlarge",
            "no EC2 price is known for m7a.xlarge in ap-south-1; m6a.xlarge has one there, and \
             m7a.xlarge has one in ap-southeast-2",
        ),
        (
            "eu-west-9",
            "m5.xlarge",
            "no EC2 price is known for m5.xlarge in eu-west-9; \
             the nearest region with a price for it is eu-west-1",
        ),
        (
            "us-west-9",
            "q1.huge",
            "no EC2 price is known for q1.huge in us-west-9",
        ),
    ] {
        let error = Catalog::bundled()
            .ec2(&region(place), &kind(name))
            .unwrap_err();
        assert_eq!(error.to_string(), reported);
        let fee = Catalog::bundled()
            .emr(&region(place), &kind(name))
            .unwrap_err();
        assert_eq!(fee, error);
    }
    let volume = Catalog::bundled().volume(&region("mx-central-1"), VolumeKind::Gp3);
    assert_eq!(volume.unwrap_err().elsewhere.unwrap(), "us-east-1");
}

#[test]
fn the_newer_figure_wins() {
    let (home, away) = (region("us-east-1"), region("us-east-2"));
    let mut prices = Catalog::bundled().clone();
    prices.overlay(catalog(
        "source mine 2026-11-01 the price API\n\
         source stale 2020-01-01 an old file\n\
         family m9 ebs newer mine xlarge 2xlarge\n\
         ec2 m9 0.3 mine us-east-1\n\
         ec2 m5.xlarge 0.2 mine us-east-1\n\
         ec2 m5.2xlarge 9 stale us-east-1\n\
         ec2 c5d.24xlarge none mine us-east-1\n\
         emr m5.2xlarge 0.1 mine us-east-2\n\
         ebs gp3 0.07 mine us-east-1\n\
         volumes xlarge 1 100 mine\n",
    ));
    let ec2 = |name| prices.ec2(&home, &kind(name)).map(|price| price.usd);
    assert_eq!(ec2("m5.xlarge"), Ok(usd("0.2")));
    assert_eq!(ec2("m5.2xlarge"), Ok(usd("0.384")));
    assert_eq!(ec2("m9.2xlarge"), Ok(usd("0.6")));
    assert!(ec2("c5d.24xlarge").is_err());
    // A quarter of the new price, in every region; but what is stated of a region holds there.
    let emr = |place, name| prices.emr(place, &kind(name)).unwrap().usd;
    assert_eq!(emr(&away, "m5.xlarge"), usd("0.05"));
    assert_eq!(emr(&away, "m5.2xlarge"), usd("0.1"));
    assert_eq!(emr(&home, "m5.2xlarge"), usd("0.096"));
    assert_eq!(emr(&home, "m9.2xlarge"), usd("0.15"));
    assert_eq!(
        prices.volume(&home, VolumeKind::Gp3).unwrap().usd,
        usd("0.07")
    );
    assert_eq!(prices.default_volumes(&kind("m5.xlarge")).unwrap().gib, 100);
}

#[test]
fn of_two_figures_of_the_same_day_the_refreshed_one_is_used() {
    let text = |factor: &str, ec2: &str, emr: &str, gib: &str| {
        format!(
            "source t 2026-11-01 a test\nfamily m9 ebs newer t xlarge 2xlarge={factor}\n\
             ec2 m9 {ec2} t us-east-1\nemr m9.xlarge {emr} t us-east-1\n\
             volumes xlarge 1 {gib} t\n"
        )
    };
    let mut prices = catalog(&text("2", "0.2", "0.1", "32"));
    prices.overlay(catalog(&text("3", "0.4", "0.3", "64")));
    let home = region("us-east-1");
    let (xlarge, double) = (kind("m9.xlarge"), kind("m9.2xlarge"));
    assert_eq!(prices.ec2(&home, &xlarge).unwrap().usd, usd("0.4"));
    assert_eq!(prices.ec2(&home, &double).unwrap().usd, usd("1.2"));
    assert_eq!(prices.emr(&home, &xlarge).unwrap().usd, usd("0.3"));
    assert_eq!(prices.default_volumes(&xlarge).unwrap().gib, 64);
}

#[test]
fn prices_are_as_old_as_the_newest_of_an_instance() {
    let text = "source old 2025-01-01 a test\nsource new 2026-01-01 a test\n\
                family m9 ebs newer old xlarge\nec2 m9 0.2 old us-east-1\n\
                emr m9.xlarge 0.1 new us-east-1\n";
    let as_of = catalog(text).as_of().unwrap();
    assert_eq!(as_of.to_string(), "2025-01-01");
}

#[test]
fn a_fee_of_the_region_precedes_one_of_all_regions_of_the_same_day() {
    let text = "source t 2026-11-01 a test\nfamily m9 ebs newer t xlarge 2xlarge\n\
                ec2 m9 1.08 t us-east-1\nemr m9.2xlarge 0.3 t *\nemr m9.2xlarge 0.2 t us-east-1\n";
    let prices = catalog(text);
    let fee = |name: &str| prices.emr(&region("us-east-1"), &kind(name)).unwrap();
    assert_eq!(fee("m9.2xlarge").usd, usd("0.2"));
    // A quarter of $1.08 is $0.27 with a cap and without one.
    let xlarge = fee("m9.xlarge");
    assert_eq!((xlarge.usd, xlarge.note), (usd("0.27"), None));
}

#[test]
fn a_region_of_the_same_continent_is_near() {
    let text = "source t 2026-11-01 a test\nfamily m9 ebs newer t xlarge\n\
                ec2 m9 0.2 t us-east-1\nec2 m9 0.2 t eu-west-1\n";
    let missing = catalog(text).ec2(&region("eu-north-9"), &kind("m9.xlarge"));
    let message = missing.unwrap_err().to_string();
    assert!(
        message.ends_with("with a price for it is eu-west-1"),
        "{message}"
    );
}

#[test]
fn an_amount_is_plain_digits_up_to_a_limit() {
    let read = |usd: &str| {
        let text = format!(
            "source t 2026-11-01 a test\nfamily m9 ebs newer t xlarge\nec2 m9 {usd} t us-east-1\n"
        );
        text.parse::<Catalog>().is_ok()
    };
    for fine in ["0.2", "100000"] {
        assert!(read(fine), "{fine}");
    }
    for wrong in ["+0.2", "-0.2", "1_000", "0", "100000.01"] {
        assert!(!read(wrong), "{wrong}");
    }
}

#[test]
fn disks_of_its_own_spare_an_instance_volumes() {
    let volumes = |name| Catalog::bundled().default_volumes(&kind(name));
    assert!(volumes("m5d.xlarge").is_none());
    let (xlarge, largest) = (
        volumes("m5.xlarge").unwrap(),
        volumes("m7i.48xlarge").unwrap(),
    );
    assert_eq!((xlarge.count, xlarge.gib, xlarge.note), (2, 32, None));
    assert_eq!((largest.count, largest.gib), (4, 768));
    assert_eq!(largest.note, Some(Note::VolumesUndocumented));
}
