//! One sweep of a large account, through the SDK: every cluster is judged, with few calls. Ten are
//! forgotten, as many as EMR's rates let the sweep describe without a pause.

use crate::world::World;
use serde_json::{Value, json};

const CLUSTERS: usize = 500;
const POLICY: &str = "policy: p
unmanaged: { action: notify, idle_timeout: 1h, exempt: { tag: keep } }
";

/// Clusters of others: most are in a step, some are young, some exempt, ten forgotten.
fn fill(world: &World) {
    for number in 0..CLUSTERS {
        let name = format!("theirs {number:03}");
        let cluster = match number % 10 {
            0 if number % 50 == 0 => json!({ "name": name, "created": 9_000 }),
            1 => json!({ "name": name, "created": 9_000, "tags": { "keep": "yes" } }),
            2 => json!({ "name": name, "created": 1_200 }),
            _ => json!({
                "name": name, "created": 9_000, "state": "RUNNING",
                "steps": [{ "name": "etl", "state": "RUNNING", "started": 3_000 }],
            }),
        };
        world.double.post("/_double/foreign", cluster);
    }
}

#[test]
fn one_sweep_judges_500_clusters_of_others_with_few_calls() {
    let world = World::new();
    std::fs::create_dir_all(world.path().join("policies")).unwrap();
    world.write("policies/p.yaml", POLICY);
    fill(&world);
    world.double.reset_calls();
    let swept = world.json(&["watchdog", "sweep", "--dry-run", "--region", "us-east-1"]);
    let report = &swept["report"];
    let summary = &report["sweep"];
    assert_eq!(
        (&summary["fleet"], &summary["unlooked"]),
        (&json!(500), &json!(0))
    );
    let verdicts = report["verdicts"].as_array().unwrap();
    let count = |stage: &str| {
        let is = |verdict: &&Value| verdict["stage"] == stage;
        verdicts.iter().filter(is).count()
    };
    let stages = ["forgotten", "exempt", "keep"].map(count);
    assert_eq!(stages, [10, 50, 440], "{}", verdicts[0]);
    let calls = world.double.calls();
    println!("one sweep of {CLUSTERS} clusters: {} calls", calls.len());
    assert!(calls.len() <= 60, "{}", calls.len());
    assert!(calls.iter().all(|call| !call.mutates));
}

/// A cluster whose work does not show in YARN looks forgotten in a listing.
#[test]
fn a_sweep_goes_on_with_what_the_last_one_has_learned() {
    let world = World::new();
    std::fs::create_dir_all(world.path().join("policies")).unwrap();
    world.write("policies/p.yaml", POLICY);
    for number in 0..8 {
        let applications = ["Hadoop", "HBase"];
        let cluster = json!({
            "name": format!("store {number}"), "created": 9_000, "applications": applications,
        });
        world.double.post("/_double/foreign", cluster);
    }
    let swept = || {
        world.double.reset_calls();
        let swept = world.json(&["watchdog", "sweep", "--region", "us-east-1"]);
        let verdicts = swept["report"]["verdicts"].as_array().unwrap().clone();
        let evidence = "idleness unknown: the work of HBase is not in YARN";
        assert!(
            verdicts
                .iter()
                .all(|verdict| verdict["evidence"] == evidence)
        );
        let calls = world.double.calls();
        let described = calls
            .iter()
            .filter(|call| call.call == "emr:DescribeCluster");
        (verdicts.len(), described.count())
    };
    assert_eq!(swept(), (8, 8));
    assert_eq!(swept(), (8, 0), "its applications are known");
    // A file of somebody else, or none, is not needed.
    let state = world.path().join("state/clusterup/fleet.jsonl");
    assert_eq!(std::fs::read_to_string(&state).unwrap().lines().count(), 8);
    std::fs::write(&state, "{\"id\":").unwrap();
    assert_eq!(swept(), (8, 8));
}

/// Without metrics nobody knows what is idle: the sweep says so, also to scripts.
#[test]
fn a_sweep_without_metrics_is_incomplete() {
    let world = World::new();
    std::fs::create_dir_all(world.path().join("policies")).unwrap();
    world.write("policies/p.yaml", POLICY);
    let cluster = json!({ "name": "theirs", "created": 9_000 });
    world.double.post("/_double/foreign", cluster);
    let failing = json!({ "cluster": "*", "says": "fail" });
    world.double.post("/_double/metrics", failing);
    let swept = world.run(&["watchdog", "sweep", "--dry-run", "--region", "us-east-1"]);
    assert_eq!(swept.code, 6, "{}", swept.all());
    assert!(
        swept.out.contains("metrics of 1 clusters cannot be read"),
        "{}",
        swept.out
    );
}
