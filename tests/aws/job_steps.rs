//! The kinds of steps: what EMR gets of them, what their programs get, and steps that may fail.

use crate::real::{installed, on_spark};
use crate::world::{World, ending};
use serde_json::{Value, json};
use std::fs;

const KINDS: &str = r#"stack: t
region: us-east-1
data: { in: { s3: "s3://elsewhere/in.csv" } }
cluster: { release: emr-7.x, size: 3 x m5.xlarge }
job:
  steps:
    - name: script
      script: s3://elsewhere/job.py
      args: ["${data.in}", a b]
      on_failure: continue
      spark:
        deploy_mode: cluster
        py_files: [lib, "s3://elsewhere/more.zip"]
        archives: ["venv.tar.gz#venv"]
        executors: 4
        env: { STAGE: test }
    - name: jar
      jar: app.jar
      class: org.example.Main
      args: [x]
      spark: { packages: ["org.apache.spark:spark-avro_2.12:3.5.1"], driver_memory: 2g }
    - { name: sql, sql: q.sql, args: [--hivevar, day=1] }
    - { name: command, command: [hdfs, dfs, -ls, /] }
    - { name: shell, shell: prepare.sh, args: [now] }
    - { name: copy, copy: { from: "${data.in}", to: "hdfs:///in" } }
guardrails: { when_done: keep }
"#;

fn write_files(world: &World) {
    fs::create_dir(world.path().join("lib")).unwrap();
    world.write("lib/__init__.py", "");
    for key in ["in.csv", "job.py", "more.zip"] {
        world.object("elsewhere", key, key);
    }
    for name in ["app.jar", "q.sql", "prepare.sh", "venv.tar.gz"] {
        world.write(name, name);
    }
}

/// Each step's name, jar, action on failure and arguments, in order, with the digests of staged files
/// as `#`.
fn sent(world: &World) -> Vec<(String, String, String, String)> {
    let id = world.clusters()[0]["id"].clone();
    let listed = world.aws("emr", "list_steps", json!({ "ClusterId": id }));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |step: &Value| {
        let args = step["Config"]["Args"].as_array().unwrap().iter();
        let args: Vec<String> = args.map(text).collect();
        let args = args.join(" ");
        let mut plain = String::new();
        for part in args.split_inclusive('/') {
            let is_digest = part.len() == 17 && part[..16].bytes().all(|b| b.is_ascii_hexdigit());
            plain += if is_digest { "#/" } else { part };
        }
        let name = text(&step["Name"]).split(" [").next().unwrap().to_owned();
        let jar = text(&step["Config"]["Jar"]);
        (name, jar, text(&step["ActionOnFailure"]), plain)
    };
    listed["Steps"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(one)
        .collect()
}

#[test]
fn every_kind_of_step_is_sent_to_its_runner() {
    let world = World::new();
    write_files(&world);
    world.stack(KINDS);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let ours = "s3://clusterup-123456789012-us-east-1/stacks/t/scripts/#";
    let command = "command-runner.jar";
    let script = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar";
    let sent = sent(&world);
    let expected = [
        (
            "script",
            command,
            "CONTINUE",
            format!(
                "spark-submit --deploy-mode cluster --name script --executor-memory 5629m \
                 --num-executors 4 --py-files {ours}/lib.zip,s3://elsewhere/more.zip \
                 --archives {ours}/venv.tar.gz#venv --conf spark.executorEnv.STAGE=test \
                 --conf spark.yarn.appMasterEnv.STAGE=test \
                 s3://elsewhere/job.py s3://elsewhere/in.csv a b"
            ),
        ),
        (
            "jar",
            command,
            "CANCEL_AND_WAIT",
            format!(
                "spark-submit --deploy-mode client --name jar --executor-memory 5629m \
                 --driver-memory 2048m --class org.example.Main \
                 --packages org.apache.spark:spark-avro_2.12:3.5.1 {ours}/app.jar x"
            ),
        ),
        (
            "sql",
            command,
            "CANCEL_AND_WAIT",
            format!(
                "spark-sql --deploy-mode client --name sql --executor-memory 5629m \
                 -f {ours}/q.sql --hivevar day=1"
            ),
        ),
        (
            "command",
            command,
            "CANCEL_AND_WAIT",
            "hdfs dfs -ls /".to_owned(),
        ),
        (
            "shell",
            script,
            "CANCEL_AND_WAIT",
            format!("{ours}/prepare.sh now"),
        ),
        (
            "copy",
            command,
            "CANCEL_AND_WAIT",
            "s3-dist-cp --src s3://elsewhere/in.csv --dest hdfs:///in".to_owned(),
        ),
    ];
    let memory = |text: &str| {
        let mut words = without_event_log(text);
        if let Some(at) = words.iter().position(|word| *word == "--executor-memory") {
            assert!(words[at + 1].ends_with('m'), "{text}");
            words[at + 1] = "5629m";
        }
        words.join(" ")
    };
    for (found, (name, jar, action, args)) in sent.iter().zip(&expected) {
        let found = (
            found.0.as_str(),
            found.1.as_str(),
            found.2.as_str(),
            memory(&found.3),
        );
        assert_eq!(found, (*name, *jar, *action, args.clone()));
    }
    assert_eq!(sent.len(), expected.len());
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    // Sizes change where and how fast a job runs; what it does makes it another job.
    world.stack(&KINDS.replace("executors: 4", "executors: 8"));
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    world.stack(&KINDS.replace("org.example.Main", "org.example.Other"));
    world
        .expect(0, &["plan", "t.yaml"])
        .says("its scripts, data, arguments or settings are new");
}

/// The words of a step's arguments without the settings of the event log, which each that is Spark's
/// has.
fn without_event_log(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(' ').collect();
    let ours = [
        "spark.eventLog.",
        "spark.clusterup.",
        "spark.executor.processTreeMetrics.",
        "spark.executor.metrics.",
    ];
    let of_log = |word: &str| ours.iter().any(|ours| word.starts_with(ours));
    let folder = "spark.eventLog.dir=s3://clusterup-123456789012-us-east-1/work/t/events/";
    let is_sparks = words[0].starts_with("spark-");
    let is_logged = words.iter().any(|word| word.starts_with(folder));
    assert_eq!(is_sparks, is_logged, "{text}");
    while let Some(at) = words.iter().position(|word| of_log(word)) {
        words.drain(at - 1..=at);
    }
    words
}

const ARGS: &str =
    r#"["", '{"a":{"b":1}}', größe, "a b", "$HOME", "x\ny\n", "'", "}}", "${results}"]"#;

/// Writes its arguments, in JSON, below its last one.
const SHOW: &str = "import json, sys\n\
    json.dump(sys.argv[1:-1], open('shown.json', 'w'))\n";

#[test]
fn arguments_arrive_as_they_are_whatever_they_hold() {
    let (runtime, packages) = installed();
    let world = on_spark(&runtime, &packages);
    world
        .double
        .post("/_double/steps", json!({ "mode": "spark" }));
    let put = "import subprocess, sys\n\
        subprocess.run(['aws', 's3', 'cp', 'shown.json', sys.argv[-1] + '/script.json'], check=True)\n";
    world.write(
        "show.py",
        &format!(
            "{SHOW}import os\nos.makedirs(sys.argv[-1], exist_ok=True)\n\
        os.replace('shown.json', sys.argv[-1] + '/script.json')\n"
        ),
    );
    world.write(
        "show.sh",
        &format!(
            "set -e\npython3 - \"$@\" <<'END'\n{SHOW}{}END\n",
            put.replace("script.json", "shell.json")
        ),
    );
    let job = format!(
        "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\njob:\n  \
         results: results\n  steps:\n    - {{ name: shell, shell: show.sh, args: {ARGS} }}\n    \
         - {{ name: script, script: show.py, args: {ARGS} }}\n"
    );
    world.stack(&job);
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let wanted = json!([
        "",
        "{\"a\":{\"b\":1}}",
        "größe",
        "a b",
        "$HOME",
        "x\ny\n",
        "'",
        "}}"
    ]);
    for name in ["shell.json", "script.json"] {
        let text = fs::read_to_string(world.path().join("results").join(name)).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            wanted,
            "{name}"
        );
    }
}

#[test]
fn a_step_that_may_fail_does_not_fail_its_job() {
    for when_done in ["keep", "terminate"] {
        let world = World::new();
        let stack = ending().replace("when_done: terminate", &format!("when_done: {when_done}"));
        let stack = stack.replace("script: one.py", "script: one.py, on_failure: continue");
        world.stack(&stack);
        let rule = json!([{ "match": "one", "state": "FAILED", "seconds": 0.5 }]);
        world
            .double
            .post("/_double/steps", json!({ "results": rule }));
        world
            .expect(0, &["apply", "t.yaml", "--yes"])
            .says("step one failed")
            .says("step two completed")
            .says("the job went on: it has on_failure: continue");
        let clusters = world.clusters();
        let states = clusters[0]["steps"].as_array().unwrap().iter();
        let states: Vec<_> = states.map(|step| step["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["FAILED", "COMPLETED"], "{when_done}");
        world
            .expect(0, &["plan", "t.yaml"])
            .says("nothing to change");
    }
}
