//! Price refreshes: only a good reply replaces the known prices.

use crate::double::Double;
use crate::world::{Done, STACK, World};
use clusterup::cost::catalog::Catalog;
use clusterup::model::name::Region;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;

const SEOUL: &str = "ap-northeast-2";
const REFRESH: &[&str] = &["prices", "refresh", "--region", SEOUL];

/// A world whose program has its own cache.
struct Shop(World);

impl Shop {
    fn new() -> Self {
        Self(World::bare(Double::start()))
    }

    fn sells(&self, prices: &Value) {
        let regions = json!({ "regions": { SEOUL: prices } });
        self.0.double.post("/_double/prices", regions);
    }

    #[track_caller]
    fn run(&self, code: i32, args: &[&str]) -> Done {
        let mut command = self.0.command(args);
        let cache = command.env("XDG_CACHE_HOME", self.0.path().join("cache"));
        Done::running(cache).expect(code)
    }

    fn show(&self) -> Done {
        self.run(0, &["prices", "show", "m5.xlarge", "--region", SEOUL])
    }

    fn text(&self) -> PathBuf {
        let prices = self.0.path().join("cache/clusterup/prices");
        prices.join(format!("{SEOUL}.txt"))
    }
}

/// All that is known of Seoul, with m5.xlarge as it was.
fn seoul() -> Value {
    let region: Region = SEOUL.parse().unwrap();
    let known = Catalog::bundled();
    let (mut ec2, mut emr) = (Map::new(), Map::new());
    for of in known.types().filter(|of| known.has(&region, of)) {
        let price = known.ec2(&region, &of).unwrap().usd.amount();
        ec2.insert(of.to_string(), json!(format!("{price:.6}")));
        let fee = known.emr(&region, &of).unwrap().usd.amount();
        emr.insert(of.to_string(), json!(format!("{fee:.6}")));
    }
    ec2.insert("m5.xlarge".to_owned(), json!("0.251000"));
    // A type that EC2 has and EMR does not.
    ec2.insert("t9.micro".to_owned(), json!("0.010000"));
    let ebs = json!({ "gp2": "0.114", "gp3": "0.0912" });
    json!({ "ec2": ec2, "emr": emr, "ebs": ebs, "ipv4": "0.005" })
}

#[test]
fn a_refresh_replaces_the_figures_of_a_region() {
    let shop = Shop::new();
    shop.sells(&seoul());
    shop.show().says("EC2 on demand 0.236000 2025");
    let reported = shop.run(0, REFRESH);
    reported
        .says("ap-northeast-2: ")
        .says(" instance types as of ");
    let shown = shop.show();
    shown.says("EC2 on demand 0.251000 price-api");
    shown.says("EMR fee 0.048000 price-api");
    shown.says("data volumes, 2 x 32 GiB gp2 0.009995 price-api");
    shown.says("AWS Price List Query API, queried on 20");
    shown.says(", today: ");
    assert!(!fs::read_to_string(shop.text()).unwrap().contains("t9"));
    // Other regions are unchanged, and stacks are estimated with the new figures.
    let elsewhere = ["prices", "show", "m5.xlarge", "--region", "us-east-1"];
    shop.run(0, &elsewhere).says("EC2 on demand 0.192000 2026");
    let estimate = ["cost", "estimate", "t.yaml", "--region", SEOUL];
    shop.run(0, &estimate)
        .says("├─ EC2 on demand 1 node-h $0.251 0.2510");
    // One call for each page, not for each type.
    let calls = shop.0.double.calls();
    let asked = calls
        .iter()
        .filter(|call| call.call == "pricing:GetProducts");
    assert!((10..40).contains(&asked.count()), "{calls:?}");
}

#[test]
fn a_plan_shows_what_a_cluster_and_its_change_cost() {
    let shop = Shop::new();
    shop.0.double.post("/_double/roles", json!({}));
    let plan = shop.run(0, &["plan", "t.yaml"]);
    plan.says("├─ core 2 x m5.xlarge 0.3840 0.0960 0.0208 0.0100 0.5108");
    plan.says("└─ total 0.5760 0.1440 0.0312 0.0150 0.7662");
    plan.says("at most $1.81: max_lifetime ends it after 2h");
    plan.says("not priced: S3 storage and requests, data transfer, CloudWatch");
    shop.run(0, &["apply", "t.yaml", "--yes"]);
    shop.0.stack(&STACK.replace("3 x m5", "5 x m5"));
    let plan = shop.run(0, &["plan", "t.yaml"]);
    plan.says("price: ($0.7662 -> $1.2771)/h, +0.5108");
    let reported = shop.run(0, &["plan", "t.yaml", "--output", "json"]);
    let reported: Value = serde_json::from_str(&reported.out).unwrap();
    assert_eq!(reported["estimate"], Value::Null);
    assert_eq!(
        reported["comparison"]["groups"][1]["new"]["nodes"],
        json!({ "count": 4, "instance_type": "m5.xlarge" })
    );
    shop.run(0, &["destroy", "t.yaml", "--yes"]);
}

#[test]
fn a_failed_refresh_keeps_the_last_good_file() {
    let shop = Shop::new();
    shop.sells(&seoul());
    shop.run(0, REFRESH);
    let good = fs::read(shop.text()).unwrap();
    let refuse = json!({ "refuse": "AccessDeniedException" });
    shop.0.double.post("/_double/prices", refuse);
    let denied = shop.run(1, REFRESH);
    denied.says("cannot download the IPv4 prices of ap-northeast-2");
    denied.says("help: ask for the permission pricing:GetProducts");
    denied.says("the earlier prices stay in use");
    for (what, name, spoilt, why) in [
        (
            "ec2",
            "m5.xlarge",
            json!("0.0"),
            "the price of EC2 m5.xlarge is $0",
        ),
        ("ebs", "gp3", Value::Null, "None0000"),
    ] {
        let mut prices = seoul();
        prices[what][name] = spoilt;
        shop.sells(&prices);
        shop.run(1, REFRESH).says(why);
    }
    for (what, why) in [
        ("ec2", "there are no EC2 prices in it"),
        ("emr", "there are no EMR prices in it"),
        ("ebs", "there is no price for ebs gp2"),
    ] {
        let mut prices = seoul();
        prices[what] = json!({});
        shop.sells(&prices);
        let refused = shop.run(1, REFRESH);
        refused.says("AWS's answer on prices of ap-northeast-2 is not plausible");
        refused.says(why);
    }
    assert_eq!(fs::read(shop.text()).unwrap(), good);
    shop.show().says("EC2 on demand 0.251000 price-api");
}
