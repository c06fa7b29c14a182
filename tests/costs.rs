//! `prices show` and `cost estimate` as a person runs them: no credentials, no network.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "support/hints.rs"]
mod hints;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const MOVIES: &str = "stacks/movie-similarities.yaml";

/// A machine that knows no prices but the bundled ones.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The exit code, and what was said on standard output and on standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_clusterup"))
            .args(args)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .env_clear()
            .env("XDG_CACHE_HOME", self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        hints::check(&text(&done.stdout));
        hints::check(&text(&done.stderr));
        let code = done.status.code().unwrap();
        (code, text(&done.stdout), text(&done.stderr))
    }

    /// What a run that went well said, with the ages of figures left out: they grow.
    fn shows(&self, args: &[&str]) -> String {
        let (code, out, err) = self.run(args);
        assert_eq!(code, 0, "{out}\n{err}");
        assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
        assert!(!out.contains('\u{1b}'), "{out}");
        out
    }

    fn json(&self, args: &[&str]) -> Value {
        let (_, out, err) = self.run(&[args, &["--output", "json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}\n{err}"))
    }

    fn prices(&self) -> PathBuf {
        self.0.path().join("clusterup/prices")
    }
}

#[track_caller]
fn says(text: &str, what: &str) {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat(text).contains(&flat(what)),
        "{what:?} is not in:\n{text}"
    );
}

#[test]
fn a_type_is_shown_with_every_figure() {
    let home = Home::new();
    let shown = home.shows(&["prices", "show", "m5.xlarge", "--region", "us-east-1"]);
    for line in [
        "m5.xlarge in us-east-1: 4 vCPUs, 16g of memory, 12g of it for YARN",
        "EC2 on demand 0.192000 2026",
        "EMR fee 0.048000 fee-rules",
        "data volumes, 2 x 32 GiB gp2 0.008768 ebs-2024",
        "root volume, 15 GiB gp3 0.001644 ebs-2024",
        "public IPv4 address 0.005000 ipv4-2024",
        "the whole node 0.255411",
        "2026 as of 2026-07-20, ",
        " old: AWS's price API as kept in",
    ] {
        says(&shown, line);
    }
    let reported = home.json(&["prices", "show", "r5.8xlarge", "--region", "us-east-1"]);
    assert_eq!(reported["notes"][0], "fee_cap_unproven");
    assert_eq!(reported["components"][1]["unit_price"]["usd"], 0.504);
    assert_eq!(
        (&reported["exit"], &reported["verb"]),
        (&0.into(), &"prices show".into())
    );
    let shown = home.shows(&["prices", "show", "r5.8xlarge", "--region", "us-east-1"]);
    says(
        &shown,
        "* r5.8xlarge, EMR fee: AWS does not publish whether this family's fee",
    );
}

#[test]
fn a_type_without_a_price_does_not_cost_zero() {
    let home = Home::new();
    let (code, out, err) = home.run(&["prices", "show", "m7a.xlarge", "--region", "ap-south-1"]);
    assert_eq!((code, out.as_str()), (2, ""));
    says(
        &err,
        "no EC2 price is known for m7a.xlarge in ap-south-1; m6a.xlarge has one there",
    );
    says(&err, "next: clusterup prices refresh --region ap-south-1");
    let (code, _, err) = home.run(&["prices", "show", "m5.xlarge"]);
    assert_eq!(code, 0);
    says(&err, "no region is set: using us-east-1");
}

#[test]
fn a_users_price_file_overrides_and_an_invalid_one_is_named() {
    let home = Home::new();
    fs::create_dir_all(home.prices()).unwrap();
    let own = "source price-api 2026-11-20 mine\nec2 m5.xlarge 0.5 price-api eu-west-1\n";
    fs::write(home.prices().join("eu-west-1.txt"), own).unwrap();
    fs::write(home.prices().join("us-east-1.txt"), "ec2 m5 free\n").unwrap();
    let (code, out, err) = home.run(&["prices", "show", "m5.xlarge", "--region", "eu-west-1"]);
    assert_eq!(code, 0);
    says(&out, "EC2 on demand 0.500000 price-api");
    says(&err, "warning: ignoring the prices in ");
    says(&err, "us-east-1.txt: line 1 of the prices: expected ");
    says(&err, "next: clusterup prices refresh --region us-east-1");
}

#[test]
fn a_stack_is_estimated_without_an_account() {
    let home = Home::new();
    let shown = home.shows(&["cost", "estimate", MOVIES, "--length", "45m"]);
    for line in [
        "quantity unit unit price $/h",
        "primary 1 x m5.xlarge 0.2554",
        "├─ EC2 on demand 2 node-h $0.192 0.3840",
        "├─ data volumes, 2 x 32 GiB gp2 128 GiB-month $0.10 0.0175",
        "└─ public IPv4 address 2 node-h $0.005 0.0100",
        "total in us-east-1 0.7662",
        "per run $0.58: 45m of all nodes",
        "at most $1.81: max_lifetime ends it after 2h",
        "not priced S3 storage and requests, data transfer, CloudWatch",
        "figures the oldest figure is as of 2024-02-01, ",
    ] {
        says(&shown, line);
    }
    let reported = home.json(&["cost", "estimate", MOVIES, "--region", "eu-west-1"]);
    assert_eq!(reported["estimate"]["region"], "eu-west-1");
    assert_eq!(reported["worst"]["set_by"], "max_lifetime");
    assert_eq!(
        (&reported["run"], &reported["comparison"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_change_is_compared_and_spot_is_marked() {
    let home = Home::new();
    let size = "cluster.size={primary: m5.xlarge, core: {nodes: 4 x m5.xlarge, market: spot}}";
    let args = [
        "cost",
        "estimate",
        MOVIES,
        "--set",
        size,
        "--compare",
        MOVIES,
    ];
    let shown = home.shows(&args);
    for line in [
        "core 4 x m5.xlarge, Spot 1.0216",
        "├─ EC2 Spot, priced as on demand *",
        "* m5.xlarge, EC2 Spot, priced as on demand: the most that Spot costs",
        "against stacks/movie-similarities.yaml",
        "core (2 x m5.xlarge -> 4 x m5.xlarge) (0.5108 -> 1.0216) +0.5108",
        "total (0.7662 -> 1.2771) +0.5108",
    ] {
        says(&shown, line);
    }
    let reported = home.json(&args);
    assert_eq!(reported["comparison"]["groups"][1]["role"], "core");
    let (code, _, err) = home.run(&["cost", "estimate", MOVIES, "--region", "eu-west-9"]);
    assert_eq!(code, 2);
    says(&err, "no EC2 price is known for m5.xlarge in eu-west-9");
}
