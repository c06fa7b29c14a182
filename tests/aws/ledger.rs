//! The costs of clusters are recorded, and a lost ledger is rebuilt from what EMR remembers.

use crate::world::{Done, World, ending};
use rust_decimal::Decimal;
use serde_json::Value;
use std::fs;
use std::process::Stdio;

const REPORT: &[&str] = &["cost", "report", "--region", "us-east-1", "--since", "1h"];

fn amount(value: &Value) -> Decimal {
    let number = value["usd"].as_number().unwrap().to_string();
    Decimal::from_scientific(&number)
        .or(number.parse())
        .unwrap()
}

/// The figures that do not change between calls, unlike the window up to now.
fn figures(document: &Value) -> Value {
    let mut report = document["report"].clone();
    for ends in ["from", "until"] {
        report.as_object_mut().unwrap().remove(ends);
    }
    report
}

#[test]
fn a_lost_ledger_is_rebuilt() {
    let world = World::new();
    world.stack(&ending().replace("stack: t", "stack: t\nteam: recsys"));
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let ledger = world.state().join("clusterup/ledger.db");
    assert!(ledger.exists(), "apply keeps what was spent");

    let before = world.json(REPORT);
    let row = &before["report"]["rows"][0];
    assert_eq!((&row["key"], &row["clusters"]), (&"t".into(), &1.into()));
    let total = amount(&row["total"]);
    assert!(total > Decimal::ZERO, "{before:#}");
    let parts = ["bootstrapping", "working", "failed", "idle"].map(|part| amount(&row[part]));
    let sum = parts.iter().sum::<Decimal>();
    // The numbers were read with 15 digits.
    assert!((sum - total).abs() < Decimal::new(1, 12), "{before:#}");
    assert_eq!(before["report"]["unpriced"], Value::Array(Vec::new()));
    assert_eq!(before["would_have_cost"], false);

    // Final records are not read again; the adopted clusters are listed.
    let calls = world.calls_of(REPORT);
    let calls: Vec<&str> = calls.iter().map(|call| call.call.as_str()).collect();
    let listings = ["emr:ListClusters", "s3:ListObjectsV2"];
    assert_eq!(calls, [&["sts:GetCallerIdentity"][..], &listings].concat());

    fs::remove_file(&ledger).unwrap();
    assert_eq!(figures(&world.json(REPORT)), figures(&before));
    let teams = world.json(&[REPORT, &["--by", "team"]].concat());
    assert_eq!(teams["report"]["rows"][0]["key"], "recsys");
    assert_eq!(teams["report"]["total"], before["report"]["total"]);

    // Destroying the stack does not change what it has cost.
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
    assert_eq!(figures(&world.json(REPORT)), figures(&before));
    world.expect(0, REPORT).says("waste: $");

    let mut away = world.command(REPORT);
    away.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let away = Done::running(away.stdout(Stdio::piped())).expect(0);
    away.says("these figures are from the ledger, as of");
}

#[test]
fn a_cluster_that_is_destroyed_while_live_is_counted() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    world.expect(0, &["status", "t"]);
    let alive = world.json(REPORT);
    world.expect(0, &["destroy", "t", "--yes"]);
    let gone = world.json(REPORT);
    let total = |document: &Value| amount(&document["report"]["total"]["total"]);
    assert!(total(&gone) >= total(&alive));
    let csv = world.expect(0, &[REPORT, &["--csv", "--by", "day"]].concat());
    let header = "day,clusters,total_usd,bootstrapping_usd,working_usd,failed_usd,idle_usd\r\n";
    assert!(csv.out.starts_with(header), "{}", csv.out);
}
