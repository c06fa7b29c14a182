//! `logs` of a stack and of any cluster, once and as they grow.

use crate::world::{BUCKET, World, ending};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Output;

const LINE: &str = "26/01/02 03:04:05 INFO A: first\n";

fn steps(world: &World) {
    let rule = json!({ "match": "two", "state": "COMPLETED", "stderr": LINE, "stdout": "told\n" });
    world
        .double
        .post("/_double/steps", json!({ "results": [rule] }));
}

#[test]
fn logs_of_a_stack_and_of_its_cluster_are_one_stream() {
    let world = World::new();
    world.stack(&ending());
    steps(&world);
    world.expect(2, &["logs", "t.yaml"]).says("has no logs");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let calls = world.calls_of(&["logs", "t"]);
    let gets = calls.iter().filter(|call| call.call == "s3:GetObject");
    let shown = world.json(&["logs", "t"]);
    let logs = shown["logs"].as_array().unwrap().len();
    assert_eq!(gets.count(), logs, "one call for each log: {calls:#?}");
    let lists = calls.iter().filter(|call| call.call == "s3:ListObjectsV2");
    assert_eq!(
        lists.count(),
        2,
        "the stack's notes, and the logs: {calls:#?}"
    );

    let id = world.clusters()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(shown["cluster"], id.as_str());
    for what in ["t", id.as_str()] {
        let done = world.expect(0, &["logs", what, "--step", "two"]);
        assert!(done.out.contains("stdout      told\n"), "{}", done.out);
        assert!(
            done.out.ends_with(&format!("driver      {LINE}")),
            "{}",
            done.out
        );
    }
    world
        .expect(2, &["logs", &id, "--executor", "3"])
        .says("has no logs of executor 3");
    world
        .expect(2, &["logs", "j-0UNKNOWN"])
        .says("there is no cluster j-0UNKNOWN");
    // A cluster that has ended is followed to the end of its logs.
    let done = world.expect(0, &["logs", "t", "--follow", "--grep", "INFO A"]);
    done.says("every five minutes");
    assert_eq!(done.out.matches(LINE).count(), 1, "{}", done.out);
}

#[test]
fn logs_are_followed_as_they_are_uploaded_again() {
    let world = World::new();
    steps(&world);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let steps = world.clusters()[0]["steps"].clone();
    let two = format!("/steps/{}/stderr.gz", steps[1]["id"].as_str().unwrap());
    let objects = world.objects();
    let key = objects.iter().find(|key| key.ends_with(&two)).unwrap();
    let args = ["logs", "t", "-f", "--grep", "INFO A", "--output", "json"];
    let mut follower = world.spawn(&args);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["text"], LINE.trim_end());
    let more = "26/01/02 03:04:06 INFO A: second";
    let body = format!("{LINE}{more}\n26/01/02 03:04:07 INFO A: last");
    let put = json!({ "Bucket": BUCKET, "Key": key, "Body": body });
    world.aws("s3", "put_object", put);
    assert_eq!(next()["text"], more);
    let id = world.clusters()[0]["id"].clone();
    world.aws("emr", "terminate_job_flows", json!({ "JobFlowIds": [id] }));
    // Its last line has no end, and is shown once nothing can follow it.
    assert_eq!(next()["text"], "26/01/02 03:04:07 INFO A: last");
    assert!(lines.next().is_none());
    assert_eq!(Output::from(follower).status.code(), Some(0));
}

#[test]
fn logs_that_are_too_large_are_refused_before_any_is_downloaded() {
    let world = World::new();
    world.stack(&ending());
    steps(&world);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let id = world.clusters()[0]["id"].as_str().unwrap().to_owned();
    let objects = world.objects();
    let step = objects.iter().find(|key| key.ends_with("/stdout.gz"));
    let (folder, _) = step.unwrap().split_once("steps/").unwrap();
    let container = "application_1700000000000_0001/container_1700000000000_0001_01_00000";
    let [key, other] = [2, 3].map(|it| format!("{folder}containers/{container}{it}/stderr.gz"));
    for key in [&key, &other] {
        let put = json!({ "bucket": BUCKET, "key": key, "text": LINE });
        world.double.post("/_double/objects/put", put);
    }
    let claim = json!({ "bucket": BUCKET, "key": key, "bytes": 3_u64 << 30 });
    world.double.post("/_double/objects/claim", claim);

    world.double.reset_calls();
    let refused = world.expect(1, &["logs", "t", "--all"]);
    refused
        .says("too large to download: 3.1 GiB in")
        .says("next: clusterup logs t --step 02-two")
        .says("next: clusterup logs t --executor container_1700000000000_0001_01_000003")
        .says(&format!(
            "next: aws s3 sync s3://{BUCKET}/{folder} ./logs-{id}"
        ))
        .says(&format!("next: clusterup logs ./logs-{id} --all"));
    let calls = world.double.calls();
    let gets = calls.iter().filter(|call| call.call == "s3:GetObject");
    assert_eq!(gets.count(), 0, "{calls:#?}");
    // Only what would be downloaded counts.
    world.expect(0, &["logs", "t"]).says("told");
    world
        .expect(0, &["logs", "t", "--step", "02-two"])
        .says("told");
}
