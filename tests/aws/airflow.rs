//! The examples for Airflow, as far as they need no Airflow: `check_airflow.py` calls the functions of
//! `examples/airflow` against the double.

use crate::double;
use crate::world::{World, ending};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// Runs one part of `check_airflow.py` in the world's folder.
fn check(world: &World, part: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(double::python());
    world.double.env(&mut command);
    let done = command
        .arg(root.join("tests/aws/check_airflow.py"))
        .arg(part)
        .current_dir(world.path())
        .env("XDG_STATE_HOME", world.state())
        .env("CLUSTERUP_POLL", "1s")
        .env("PYTHONPATH", root.join("examples/airflow"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CLUSTERUP_PROGRAM", env!("CARGO_BIN_EXE_clusterup"))
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(done.status.success(), "{said}");
    assert!(said.contains("as expected"), "{said}");
}

#[test]
fn a_task_runs_a_stack_and_reads_its_cost() {
    let world = World::new();
    world.stack(&ending());
    check(&world, "apply");
    let clusters = world.clusters();
    assert_eq!(clusters.len(), 2, "again, and only then: {clusters:#?}");
    assert!(world.alive().is_empty());
}

#[test]
fn failures_that_a_retry_cannot_change_are_final() {
    let world = World::new();
    world.stack(&ending());
    let rule = json!({
        "match": "two", "state": "FAILED", "seconds": 0.5, "reason": "Unknown Error.",
        "message": "Exception in thread \"main\" org.apache.spark.SparkUserAppException",
        "stdout": "KeyError: 'sorce'\n", "stderr": "26/01/02 03:04:05 INFO SparkContext: Running\n",
    });
    let rules = json!({ "results": [rule] });
    world.double.post("/_double/steps", rules);
    check(&world, "failures");
}

#[test]
fn a_task_that_is_ended_leaves_its_cluster_guarded_or_ends_it() {
    let world = World::new();
    world.stack(&ending());
    world
        .double
        .post("/_double/durations", json!({ "step": 600 }));
    check(&world, "stop");
    let alive = world.alive();
    assert_eq!(alive.len(), 1, "{alive:#?}");
    assert_eq!(world.double.schedules().len(), 1);
    check(&world, "destroy");
    let until = Instant::now() + Duration::from_secs(60);
    while !world.alive().is_empty() {
        assert!(Instant::now() < until, "{:#?}", world.alive());
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_task_adopts_the_cluster_of_an_operator() {
    let world = World::new();
    check(&world, "adopt");
    assert_eq!(world.alive().len(), 1);
    assert_eq!(world.double.schedules().len(), 1);
}
