//! Jobs on AWS: results that are downloaded, steps that fail, and clusters that end during their
//! job.

use crate::world::{BUCKET, STACK, World, ending};
use serde_json::{Value, json};
use std::fs;

/// The prefix of the results of the stack's job.
fn results_key(world: &World) -> String {
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap().iter();
    let mut made = actions.filter_map(|a| a["action"]["job"]["results_key"].as_str());
    format!("work/t/{}", made.next().unwrap())
}

fn steps(world: &World, rules: Value) {
    world
        .double
        .post("/_double/steps", json!({ "results": rules }));
}

/// A second step that fails, with the reason in its log.
fn failing(more: Value) -> Value {
    let mut rule = json!({
        "match": "two", "state": "FAILED", "seconds": 0.5,
        "reason": "Unknown Error.",
        "message": "Exception in thread \"main\" org.apache.spark.SparkUserAppException",
        // As spark-submit does: Python's output and errors are both in its output.
        "stdout": "working on it\nTraceback (most recent call last):\n  \
                   File \"/mnt/tmp/two.py\", line 7, in <module>\n    table[\"sorce\"]\n\
                   KeyError: 'sorce'\n",
        "stderr": "26/01/02 03:04:05 INFO SparkContext: Running\n",
    });
    rule.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!([rule])
}

#[test]
fn results_are_downloaded_and_the_cluster_ends() {
    let world = World::new();
    world.stack(&ending());
    let key = results_key(&world);
    let written = "movie,score\n1,0.5\n";
    let writes = json!({
        format!("{key}/one/part-0.csv"): written,
        format!("{key}/one_$folder$"): "",
    });
    steps(&world, json!([{ "match": "one", "writes": writes }]));
    let done = world.expect(0, &["apply", "t.yaml", "--yes"]);
    done.says("step one completed")
        .says("step two completed")
        .says("movie score 1 0.5");
    let home = world.path().join("results");
    let there = fs::read_to_string(home.join("one/part-0.csv")).unwrap();
    assert_eq!(there, written);
    let clusters = world.clusters();
    assert_eq!(clusters.len(), 1, "{clusters:#?}");
    assert_eq!(clusters[0]["state"], "TERMINATED");

    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    // Results that were lost on this machine are still in the bucket.
    fs::remove_dir_all(&home).unwrap();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert!(home.join("one/part-0.csv").exists());
    assert_eq!(world.clusters().len(), 1);
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
    assert!(home.join("one/part-0.csv").exists());
}

#[test]
fn a_failed_step_is_explained_from_its_late_log() {
    let world = World::new();
    world.stack(&ending());
    world
        .double
        .post("/_double/durations", json!({ "logs": 4 }));
    steps(&world, failing(json!({})));
    let done = world.expect(4, &["apply", "t.yaml", "--yes"]);
    done.says("step two failed")
        .says("KeyError: 'sorce'")
        .says("two.py")
        .says("next: clusterup logs t.yaml");
    assert_eq!(world.clusters()[0]["state"], "TERMINATED_WITH_ERRORS");
    let logs = world.expect(0, &["logs", "t.yaml"]);
    logs.says("02-two driver")
        .says("KeyError: 'sorce'")
        .says("working on it");
    let one = world.expect(0, &["logs", "t", "--step", "one"]);
    assert!(!one.out.contains("02-two"), "{}", one.out);

    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("+ cluster")
        .says("the job failed when it last ran")
        .says("a step failed");
    // The next run succeeds.
    steps(&world, json!([]));
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(world.clusters().len(), 2);
}

#[test]
fn a_failed_step_leaves_a_kept_cluster_for_the_next_try() {
    let world = World::new();
    steps(&world, failing(json!({ "times": 1 })));
    world.expect(4, &["apply", "t.yaml", "--yes"]);
    assert_eq!(world.alive().len(), 1);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let clusters = world.clusters();
    assert_eq!(clusters.len(), 1, "{clusters:#?}");
    let states = clusters[0]["steps"].as_array().unwrap().iter();
    let states: Vec<_> = states.map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["COMPLETED", "FAILED", "COMPLETED", "COMPLETED"]);
}

#[test]
fn a_launch_that_fails_late_is_explained_and_recorded() {
    let world = World::new();
    world.stack(&ending());
    let why = "The instance profile EMR_EC2_DefaultRole is invalid";
    let failure = json!({
        "fail_at": "STARTING", "code": "VALIDATION_ERROR", "message": why,
        "error_code": "INVALID_INSTANCE_PROFILE",
    });
    world.double.post("/_double/cluster", failure);
    world.expect(1, &["apply", "t.yaml", "--yes"]).says(why);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("+ cluster")
        .says(why);
    world.expect(0, &["apply", "t.yaml", "--yes"]).says(why);
    assert_eq!(world.clusters().len(), 2);
}

#[test]
fn an_idle_cluster_ends_and_the_next_plan_reports_it() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    world.double.advance(11 * 60);
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("+ cluster").says("EMR found it idle");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert_eq!(world.alive().len(), 1);
    // The job ended well on the first cluster and is not run again.
    assert_eq!(world.alive()[0]["steps"], json!([]));
}

#[test]
fn max_lifetime_ends_the_cluster_during_its_job() {
    let world = World::new();
    world.stack(&ending().replace("max_lifetime: 2h", "max_lifetime: 30m"));
    steps(&world, json!([{ "match": "one", "seconds": 36_000 }]));
    // By this machine's clock the cluster is almost half an hour old.
    let late = json!({ "advance": -(30 * 60 - 8) });
    world.double.post("/_double/clock", late);
    let done = world.expect(5, &["apply", "t.yaml", "--yes"]);
    done.says("step one is running").says("max_lifetime: 30m");
    let clusters = world.clusters();
    assert_eq!(clusters[0]["state"], "TERMINATED");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("+ cluster")
        .says("max_lifetime");
}

#[test]
fn obstacles_to_results_are_reported_before_anything_is_created() {
    let world = World::new();
    world.stack(&STACK.replace("results: results", "results: t.yaml"));
    world
        .expect(2, &["apply", "t.yaml", "--yes"])
        .says("results cannot be downloaded to");
    assert_eq!(world.clusters().len(), 0);
    assert!(world.objects().is_empty(), "{BUCKET} was made");
}
