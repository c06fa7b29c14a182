//! Jobs that hang, from the logs that EMR uploads while they run.

use crate::double::Call;
use crate::world::{BUCKET, Done, World};
use chrono::TimeDelta;
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const STARVED: &str =
    "WARN YarnScheduler: Initial job has not accepted any resources; check your cluster UI";

/// A record of Spark's log, as it was written so many seconds ago.
fn record(ago: i64, text: &str) -> String {
    let at = SystemClock.now() - TimeDelta::seconds(ago);
    format!("{} {text}\n", at.format("%y/%m/%d %H:%M:%S"))
}

/// The report on a state of the application that Spark's client of YARN writes.
fn report(ago: i64, state: &str) -> String {
    let line = format!("INFO Client: Application report for application_1_0001 (state: {state})");
    let details = "\t client token: N/A\n\t diagnostics: N/A\n\t queue: default\n\t final status: \
                   UNDEFINED\n\t user: hadoop\n";
    format!(
        "{}{}{details}",
        record(ago, &line),
        record(ago, "INFO Client: ")
    )
}

/// The cluster, once its second step runs.
fn running(world: &World) -> Value {
    let begun = Instant::now();
    loop {
        let cluster = world.clusters().pop();
        if let Some(cluster) = cluster.filter(|it| it["steps"][1]["state"] == "RUNNING") {
            return cluster;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it never ran");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// EMR uploads the log of the second step's driver.
fn upload(world: &World, cluster: &Value, text: &str) {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let step = id(&cluster["steps"][1]);
    let key = format!("work/t/logs/{}/steps/{step}/stderr.gz", id(cluster));
    let put = json!({ "bucket": BUCKET, "key": key, "text": text });
    world.double.post("/_double/objects/put", put);
}

/// A double on which the step named `two` runs until `end` is called.
fn endless(world: &World) {
    let rule = json!({ "match": "two", "seconds": 36_000 });
    let rules = json!({ "results": [rule] });
    world.double.post("/_double/steps", rules);
}

/// The second step is done.
fn end(world: &World, cluster: &Value) {
    let step = &cluster["steps"][1]["name"];
    let change = json!({ "id": cluster["id"], "end_steps": [step] });
    world.double.post("/_double/foreign/change", change);
}

/// The calls from now until so many of the named kind were made.
fn calls_until(world: &World, name: &str, times: usize) -> Vec<Call> {
    world.double.reset_calls();
    let begun = Instant::now();
    loop {
        let calls = world.double.calls();
        if count(&calls, name) >= times {
            return calls;
        }
        let late = begun.elapsed() > Duration::from_secs(120);
        assert!(!late, "no {times} of {name}: {calls:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn count(calls: &[Call], name: &str) -> usize {
    calls.iter().filter(|it| it.call.contains(name)).count()
}

/// Waits for an `apply` with `--output json`, and returns it with its document.
fn document(done: Done) -> (Done, Value) {
    let document = serde_json::from_str(&done.out);
    let document = document.unwrap_or_else(|error| panic!("{error}\n{}", done.all()));
    (done, document)
}

#[test]
fn a_driver_without_memory_is_reported_once_and_its_job_goes_on() {
    let world = World::new();
    endless(&world);
    let apply = world.spawn(&["apply", "t.yaml", "--yes", "--output", "json"]);
    let cluster = running(&world);
    let started = record(85, "INFO SparkContext: Running Spark version 3.5.1");
    let started = format!("{started}{}", report(82, "RUNNING"));
    let tasks = record(80, "INFO YarnScheduler: Adding task set 0.0 with 16 tasks");
    upload(&world, &cluster, &format!("{started}{tasks}"));
    calls_until(&world, "s3:GetObject", 1);
    let died = record(
        70,
        "ERROR Utils: Uncaught exception in thread task-result-getter-2",
    );
    let died = format!("{died}java.lang.OutOfMemoryError: Java heap space\n\tat a.B.c(B.java:1)\n");
    upload(&world, &cluster, &format!("{started}{tasks}{died}"));
    calls_until(&world, "s3:GetObject", 1);
    // What has not changed is not read again.
    let calls = calls_until(&world, "s3:ListObjects", 2);
    assert_eq!(count(&calls, "s3:GetObject"), 0, "{calls:?}");
    end(&world, &cluster);
    let (done, document) = document(Done::of(apply).expect(0));
    done.says("warning[driver-thread-died]: step two is stuck: the driver ran out of memory")
        .says("fix: the driver gets 4g instead of 2g")
        .says("job.steps.two.spark.driver_memory: 2g -> 4g")
        .says("the job goes on until it ends");
    assert_eq!(done.err.matches("is stuck").count(), 1, "{}", done.all());
    let stuck = document["stuck"].as_array().unwrap();
    assert_eq!(stuck.len(), 1, "{document:#}");
    assert_eq!(stuck[0]["step"], "two");
    assert_eq!(stuck[0]["ends"], false);
    assert_eq!(stuck[0]["stuck"]["kind"], "driver-thread-died");
    assert_eq!(stuck[0]["stuck"]["diagnosis"]["evidence"][0]["number"], 10);
    assert!(
        stuck[0]["stuck"]["diagnosis"]["fixes"][0]["next"].is_string(),
        "{document:#}"
    );
    assert_eq!(world.alive().len(), 1, "the cluster is kept");
}

#[test]
fn a_job_without_executors_ends_where_its_stack_asks_for_that() {
    let world = World::new();
    let stack =
        crate::world::STACK.replace("  results: results\n", "  results: results\n  stuck: end\n");
    world.stack(&stack);
    endless(&world);
    let apply = world.spawn(&["apply", "t.yaml", "--yes", "--output", "json"]);
    let cluster = running(&world);
    let mut log = record(90, "INFO SparkContext: Running Spark version 3.5.1");
    log.push_str(&report(88, "ACCEPTED"));
    log.push_str(&report(85, "RUNNING"));
    for ago in [75, 60, 45, 30, 15, 0] {
        log.push_str(&record(ago, STARVED));
    }
    upload(&world, &cluster, &log);
    // The log is minutes old on EMR: the next one has to show it too.
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(world.alive().len(), 1);
    log.push_str(&record(0, STARVED));
    upload(&world, &cluster, &log);
    let (done, document) = document(Done::of(apply).expect(4));
    done.says("warning[no-executors]: step two is stuck: no executor was granted")
        .says("the cluster ends if the log's next upload still shows it: job.stuck is end")
        .says("the cluster ended: step two is stuck: no executor was granted");
    assert_eq!(document["stuck"][0]["ends"], true);
    assert_eq!(
        document["cluster"]["end"]["reason"], "stuck",
        "{document:#}"
    );
    assert_eq!(document["diagnosis"]["rule"], "no-executors");
    assert_eq!(world.clusters().len(), 1);
    assert!(world.alive().is_empty());
    let status = world.json(&["status", "t.yaml"]);
    let ended = &status["stacks"][0]["observed"]["clusters"][0];
    assert_eq!(ended["end"]["reason"], "stuck");
    assert_eq!(ended["steps"][1]["state"], "INTERRUPTED");
}

#[test]
fn in_cluster_mode_the_drivers_container_shows_a_hang() {
    let world = World::new();
    let stack = crate::world::STACK.replace(
        "script: two.py,",
        "script: two.py, spark: { deploy_mode: cluster },",
    );
    world.stack(&stack);
    endless(&world);
    let apply = world.spawn(&["apply", "t.yaml", "--yes", "--output", "json"]);
    let cluster = running(&world);
    upload(&world, &cluster, &report(88, "RUNNING"));
    let mut log = record(85, "INFO SparkContext: Running Spark version 3.5.1");
    for ago in [75, 60, 45, 30, 15, 0] {
        log.push_str(&record(
            ago,
            &STARVED.replace("YarnScheduler", "YarnClusterScheduler"),
        ));
    }
    let name = "containers/application_1_0001/container_1_0001_01_000001/stderr.gz";
    let id = cluster["id"].as_str().unwrap();
    let put = json!({ "bucket": BUCKET, "key": format!("work/t/logs/{id}/{name}"), "text": log });
    world.double.post("/_double/objects/put", put);
    // The container's log is read in one of the two rounds that begin after it was uploaded.
    calls_until(&world, "s3:ListObjects", 6);
    end(&world, &cluster);
    let (done, document) = document(Done::of(apply).expect(0));
    done.says("warning[no-executors]: step two is stuck: no executor was granted");
    let stuck = document["stuck"].as_array().unwrap();
    assert_eq!(stuck.len(), 1, "{document:#}");
    let shown = &stuck[0]["stuck"]["diagnosis"]["evidence"][0]["log"];
    assert_eq!(*shown, name.trim_end_matches(".gz"));
}
