//! Why jobs and clusters failed on AWS: from logs that arrive late, and kept for other machines.

use crate::world::{BUCKET, Done, World, ending};
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};

const APP: &str = "application_1700000000000_0001";

fn steps(world: &World, rule: Value) {
    let rules = json!({ "results": [rule] });
    world.double.post("/_double/steps", rules);
}

fn container(attempt: u32, number: u32, stream: &str) -> String {
    format!("{APP}/container_1700000000000_0001_0{attempt}_00000{number}/{stream}")
}

/// Runs from another machine, which has no state.
fn elsewhere(world: &World, args: &[&str]) -> Done {
    let mut command = world.command(args);
    command.env("XDG_STATE_HOME", world.path().join("elsewhere"));
    Done::running(&mut command).expect(0)
}

/// The names of the logs that `diagnose` searched.
fn searched(world: &World, args: &[&str]) -> Vec<String> {
    let document = world.json(&[&["diagnose"], args].concat());
    let searched = document["searched"].as_array().unwrap().iter();
    searched
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_traceback_is_shown_once_its_logs_are_there_and_kept_for_other_machines() {
    let world = World::new();
    world.stack(&ending());
    world
        .double
        .post("/_double/durations", json!({ "logs": 3 }));
    steps(
        &world,
        json!({
            "match": "two", "state": "FAILED", "seconds": 0.5,
            "stdout": "working\nTraceback (most recent call last):\n  \
                       File \"/mnt/tmp/two.py\", line 7, in <module>\n    table[\"sorce\"]\n\
                       KeyError: 'sorce'\n",
            "stderr": "26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.1\n",
        }),
    );
    let apply = world.expect(4, &["apply", "t.yaml", "--yes"]);
    apply.says("step two failed: ").says("KeyError: 'sorce'");
    assert!(!apply.all().contains("Unknown Error"), "{}", apply.all());
    let id = world.clusters()[0]["id"].as_str().unwrap().to_owned();
    let note = format!("stacks/t/diagnoses/{id}/02");
    assert!(world.objects().contains(&note), "{:?}", world.objects());

    world.double.reset_calls();
    let status = elsewhere(&world, &["status", "t"]);
    status.says("step two failed: ").says("KeyError: 'sorce'");
    // The stack's notes are listed, the logs are not.
    let calls = world.double.calls().into_iter();
    let listed = calls.filter(|call| call.call.contains("ListObjects"));
    assert_eq!(listed.count(), 1);
    // Any cluster can be diagnosed by its id.
    let step = "steps/02-two/stdout".to_owned();
    assert!(searched(&world, &["t"]).contains(&step));
    assert!(searched(&world, &[&id, "--region", "us-east-1"]).contains(&step));
    world
        .expect(0, &["diagnose", "t", "--step", "one"])
        .says("nothing has failed");
    world
        .expect(2, &["diagnose", "t", "--step", "three"])
        .says("no such step");
    // What was destroyed is not written again.
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn a_container_that_yarn_killed_is_read_though_its_log_is_later() {
    let world = World::new();
    let kill = "26/01/02 03:04:09 ERROR YarnScheduler: Lost executor 2 on ip-10-0-0-7.ec2.internal: \
                Container killed by YARN for exceeding physical memory limits. 5.5 GB of 5.5 GB physical \
                memory used. Consider boosting spark.executor.memoryOverhead. Container: \
                container_1700000000000_0001_01_000003 on host: ip-10-0-0-7. Exit status: -104\n\
                26/01/02 03:04:20 ERROR TaskSetManager: Task 3 in stage 1.0 failed 4 times; aborting job\n";
    let lost = container(1, 3, "stderr");
    steps(
        &world,
        json!({
            "match": "two", "state": "FAILED", "seconds": 0.5, "late": 1.5,
            "stdout": "Traceback (most recent call last):\n  File \"/mnt/tmp/two.py\", line 9, in <module>\n    \
                       rows.count()\npy4j.protocol.Py4JJavaError: An error occurred while calling o1.count.\n",
            "stderr": format!("26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.1\n{kill}"),
            "containers": {
                lost.as_str(): "26/01/02 03:04:08 ERROR CoarseGrainedExecutorBackend: RECEIVED SIGNAL TERM\n",
                container(1, 2, "stderr"): "26/01/02 03:04:08 INFO Executor: fine\n",
            },
        }),
    );
    let apply = world.json(&["apply", "t.yaml", "--yes"]);
    assert_eq!(apply["exit"], 4);
    assert!(apply["diagnosis"]["cause"].is_string(), "{apply:#}");
    let searched = searched(&world, &["t"]);
    assert!(
        searched.contains(&format!("containers/{lost}")),
        "{searched:?}"
    );
    let other = container(1, 2, "stderr");
    assert!(
        !searched.contains(&format!("containers/{other}")),
        "{searched:?}"
    );
    world.expect(0, &["diagnose", "t"]).says("step two failed");
}

/// A log of a driver whose executors YARN killed, and what it printed.
const KILLED: &str = include_str!("../diagnose/corpus/known/container-memory-3.5.txt");

#[test]
fn a_fix_is_shown_by_each_command_and_on_other_machines() {
    let world = World::new();
    world.stack(&ending());
    let log = |role: &str| {
        let of_role = KILLED.split("\n=== ").find(|log| log.starts_with(role));
        of_role.unwrap().split_once('\n').unwrap().1
    };
    let [stderr, stdout] = ["driver_log", "driver_output"].map(log);
    steps(
        &world,
        json!({
            "match": "two", "state": "FAILED", "seconds": 0.5, "stderr": stderr, "stdout": stdout,
        }),
    );
    let apply = world.json(&["apply", "t.yaml", "--yes"]);
    assert_eq!(apply["diagnosis"]["rule"], "container-memory", "{apply:#}");
    shows_the_kept_fixes(&world, &apply["diagnosis"]["fixes"]);
    offers_the_fixes_of_apply(&world, &apply["diagnosis"]["fixes"]);
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

/// `status` from another machine, which has no file of the stack and reads no log.
fn shows_the_kept_fixes(world: &World, fixes: &Value) {
    let other = world.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let status = |args: &[&str]| {
        let mut command = world.command(&[&["status", "--region", "us-east-1"], args].concat());
        command
            .env("XDG_STATE_HOME", other.join("state"))
            .current_dir(&other);
        Done::running(&mut command).expect(0)
    };
    let reason = fixes[0]["reason"].as_str().unwrap();
    let begin = reason.split(',').next().unwrap();
    let set = fixes[0]["next"].as_str().unwrap();
    let set = set.strip_prefix("clusterup apply t.yaml ").unwrap();
    for args in [&["t"] as &[&str], &[]] {
        world.double.reset_calls();
        status(args)
            .says(begin)
            .says(&format!("next: clusterup apply t --region us-east-1 {set}"));
        // Of the bucket, only the notes of the stack are listed; for all stacks also their prefixes and
        // the adopted clusters.
        let calls = world.double.calls().into_iter();
        let listed = calls.filter(|call| call.call.contains("ListObjects"));
        assert_eq!(listed.count(), if args.is_empty() { 3 } else { 1 });
    }
    let document = status(&["t", "--output", "json"]);
    let document: Value = serde_json::from_str(&document.out).unwrap();
    let steps = &document["stacks"][0]["observed"]["clusters"][0]["steps"];
    assert_eq!(
        steps[1]["diagnosis"]["fixes"][0]["set"], fixes[0]["set"],
        "{steps:#}"
    );
}

/// `diagnose` of a stack whose step two needs more memory beside its heap.
fn offers_the_fixes_of_apply(world: &World, fixes: &Value) {
    const KEY: &str = "job.steps.two.spark.conf.spark.executor.memoryOverhead";
    assert_eq!(fixes[0]["set"][0]["path"], KEY, "{fixes:#}");
    let offered =
        |args: &[&str]| world.json(&[&["diagnose"], args].concat())["diagnosis"]["fixes"].take();
    assert_eq!(&offered(&["t.yaml"]), fixes);
    assert_eq!(&offered(&["t.yaml", "--step", "two"]), fixes);
    let shown = world.expect(0, &["diagnose", "t.yaml"]);
    shown.says(fixes[0]["next"].as_str().unwrap());
    shown.says("beside the heap instead of").says(KEY);
    // By its name, the file is the one that it was applied from.
    let next = offered(&["t"])[0]["next"].take();
    let of_name = |next: &Value| next.as_str().unwrap().replace(" t.yaml ", " t ");
    assert_eq!(next.as_str().unwrap(), of_name(&fixes[0]["next"]));
    // Without the stack there are remedies, and no fix of it.
    let id = world.clusters()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(offered(&[&id, "--region", "us-east-1"]), Value::Null);

    let policy = "policy: p\nrules:\n  - name: no-overhead\n    deny_when: stack.job.steps.exists(step, \
                  \"spark.executor.memoryOverhead\" in step.conf)\n    message: not here\n";
    std::fs::create_dir(world.path().join("theirs")).unwrap();
    world.write("theirs/p.yaml", policy);
    let allowed = offered(&["t.yaml", "--policies", "theirs"]);
    let all = allowed.as_array().unwrap();
    assert_eq!(
        all.len(),
        fixes.as_array().unwrap().len() - 1,
        "{allowed:#}"
    );
    assert!(!allowed.to_string().contains(KEY), "{allowed:#}");
    let next = all[0]["next"].as_str().unwrap();
    assert!(next.contains(" --policies theirs "), "{next}");
}

#[test]
fn in_cluster_mode_the_drivers_container_is_read() {
    let world = World::new();
    let out = container(1, 1, "stdout");
    steps(
        &world,
        json!({
            "match": "two", "state": "FAILED", "seconds": 0.5,
            "stderr": format!(
                "26/01/02 03:04:05 INFO Client: Application report for {APP} (state: FINISHED)\n\
                 Exception in thread \"main\" org.apache.spark.SparkException: Application {APP} finished \
                 with failed status\n"
            ),
            "containers": {
                out.as_str(): "Traceback (most recent call last):\n  File \"two.py\", line 3, in <module>\n    \
                               open(\"u.item\")\nFileNotFoundError: [Errno 2] No such file or directory: \
                               'u.item'\n",
            },
        }),
    );
    world
        .expect(4, &["apply", "t.yaml", "--yes"])
        .says("FileNotFoundError");
    assert!(searched(&world, &["t"]).contains(&format!("containers/{out}")));
}

#[test]
fn a_bootstrap_action_that_failed_is_explained_by_its_log() {
    let world = World::new();
    let action = "node/i-0abc1234/bootstrap-actions/1";
    let why =
        "On the master instance (i-0abc1234), bootstrap action 1 returned a non-zero return code";
    let failure = json!({
        "fail_at": "BOOTSTRAPPING", "code": "BOOTSTRAP_FAILURE", "message": why,
        "logs": {
            format!("{action}/stderr"): "ERROR: No matching distribution found for numpyy\n",
            format!("{action}/controller"): "INFO startExec\n",
            "node/i-0abc1234/bootstrap-actions/2/stderr": "fine\n",
        },
    });
    world.double.post("/_double/cluster", failure);
    let apply = world.expect(1, &["apply", "t.yaml", "--yes"]);
    apply.says("the start of cluster").says(why);
    let searched = searched(&world, &["t"]);
    assert_eq!(searched[0], "StateChangeReason");
    assert_eq!(searched[1], format!("{action}/stderr"));
    assert_eq!(searched.len(), 3, "{searched:?}");
}

#[test]
fn a_launch_that_emr_refuses_late_is_explained_by_its_words_at_once() {
    for (code, error, why) in [
        (
            "VALIDATION_ERROR",
            "INVALID_INSTANCE_PROFILE",
            "EMR service role arn:aws:iam::123456789012:role/EMR_DefaultRole is invalid",
        ),
        (
            "VALIDATION_ERROR",
            "EC2_INSTANCE_TYPE_NOT_SUPPORTED",
            "The requested instance type r7g.large is not supported in the requested availability zone.",
        ),
    ] {
        let world = World::new();
        let failure = json!({
            "fail_at": "STARTING", "code": code, "message": why, "error_code": error,
        });
        world.double.post("/_double/cluster", failure);
        let apply = world.json(&["apply", "t.yaml", "--yes"]);
        assert_eq!(apply["exit"], 1, "{apply:#}");
        assert!(
            apply["diagnosis"]["evidence"].to_string().contains(why),
            "{apply:#}"
        );
        let id = world.clusters()[0]["id"].as_str().unwrap().to_owned();
        let note = format!("stacks/t/diagnoses/{id}/start");
        assert!(world.objects().contains(&note), "{:?}", world.objects());
        assert_eq!(
            searched(&world, &["t"]),
            ["StateChangeReason", "ErrorDetails"]
        );
    }
}

#[test]
fn without_a_cause_it_says_what_was_searched_and_what_to_run() {
    let world = World::new();
    steps(
        &world,
        json!({
            "match": "two", "state": "FAILED", "seconds": 0.5, "stdout": "hello\n",
            "stderr": "26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.1\n",
        }),
    );
    let apply = world.expect(4, &["apply", "t.yaml", "--yes"]);
    apply
        .says("step two failed: the program ended with exit code 1 and no error in its logs")
        .says("searched: steps/02-two/stderr, steps/02-two/stdout")
        .says("next: clusterup logs t.yaml");
    assert!(!apply.all().contains("Unknown Error"), "{}", apply.all());
    // A note that is not ours shows nothing, and is no error.
    let id = world.clusters()[0]["id"].as_str().unwrap().to_owned();
    let key = format!("stacks/t/diagnoses/{id}/02");
    let put = json!({ "bucket": BUCKET, "key": key, "text": "{\"cause\":1}" });
    world.double.post("/_double/objects/put", put);
    world.expect(0, &["status", "t"]).says("step two FAILED");
    // The nodes cannot write it.
    let put = json!({ "bucket": BUCKET, "key": key, "text": "{}", "machine": true });
    let refused = world.double.post("/_double/objects/put", put);
    assert_eq!(refused["refused"], true, "{refused:#}");
}

#[test]
fn a_cluster_without_nodes_is_explained_by_the_logs_of_their_managers() {
    let world = World::new();
    steps(
        &world,
        json!({
            "match": "two", "seconds": 999,
            "stderr": "26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.1\n",
            "stdout": "working\n",
        }),
    );
    let apply = world.spawn(&["apply", "t.yaml", "--yes", "--output", "json"]);
    let begun = Instant::now();
    let runs = |cluster: &Value| cluster["steps"][1]["state"] == "RUNNING";
    while !world.clusters().first().is_some_and(runs) {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(100));
    }
    let manager =
        "node/i-0abc1234/applications/hadoop-yarn/hadoop-yarn-nodemanager-ip-10-0-0-7.log";
    let full = format!(
        "{},102 ERROR org.apache.hadoop.yarn.server.nodemanager.LocalDirsHandlerService \
         (DiskHealthMonitor-Timer): Most of the disks failed. 1/1 local-dirs usable space is below \
         configured utilization percentage/no more usable space [ /mnt/yarn : used space above \
         threshold of 90.0% ]\n",
        SystemClock.now().format("%Y-%m-%d %H:%M:%S")
    );
    let end = json!({
        "id": world.clusters()[0]["id"], "code": "INSTANCE_FAILURE", "errors": true,
        "message": "All slaves in the job flow were terminated due to NO_SLAVE_LEFT",
        "logs": { manager: full },
    });
    world.double.post("/_double/end", end);
    let done: Value = serde_json::from_str(&Done::of(apply).out).unwrap();
    assert_eq!(done["diagnosis"]["rule"], "disks-full", "{done:#}");
    assert_eq!(done["diagnosis"]["remedies"][0]["kind"], "disk", "{done:#}");
    let found = searched(&world, &["t"]);
    assert!(found.contains(&manager.to_owned()), "{found:?}");
    world
        .expect(0, &["diagnose", "t"])
        .says("the disks of a node are full");
}
