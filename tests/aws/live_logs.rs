//! `logs --live`: the logs of running steps, which the installed ssh reads on the primary.

use crate::hints;
use crate::running::Running;
use crate::subnets::programs;
use crate::world::{BUCKET, STACK, World};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

const FIRST: &str = "26/01/02 03:04:05 INFO A: first";
const SECOND: &str = "26/01/02 03:04:06 INFO A: second";
const LAST: &str = "26/01/02 03:04:07 INFO A: last";

/// An ssh that prints what `tail -F` prints of a driver's log, and more of it once a file is there. It
/// records how it was called.
const TAILS: &str = r#"#!/bin/bash
echo "$@" >> "$0.calls"
case "$*" in
*/stderr\ *)
    echo "26/01/02 03:04:05 INFO A: first"
    while [ ! -e "$0.more" ]; do sleep 0.1; done
    echo "26/01/02 03:04:06 INFO A: second"
    ;;
esac
exec -a "$0" sleep 600
"#;

/// A world with a cluster whose second step runs, the cluster's id, and the key of that step's log.
fn working() -> (World, Value, String) {
    let world = World::new();
    let endless = json!({ "results": [{ "match": "two", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.stack(STACK);
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let begun = Instant::now();
    loop {
        let cluster = world.clusters().remove(0);
        let step = &cluster["steps"][1];
        if step["state"] == "RUNNING" {
            let (id, step) = (cluster["id"].clone(), step["id"].as_str().unwrap());
            let folder = format!("work/t/logs/{}/steps/{step}", id.as_str().unwrap());
            return (world, id, format!("{folder}/stderr.gz"));
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it never ran");
        sleep(Duration::from_millis(100));
    }
}

fn upload(world: &World, key: &str, lines: &[&str]) {
    let text = format!("{}\n", lines.join("\n"));
    let put = json!({ "bucket": BUCKET, "key": key, "text": text });
    world.double.post("/_double/objects/put", put);
}

/// Whether an ssh of this folder runs.
fn runs(folder: &Path) -> bool {
    let mut find = Command::new("pgrep");
    let found = find.arg("-f").arg(folder.join("ssh")).output();
    found.unwrap().status.success()
}

/// Starts `logs --live` with these programs first on the path.
fn live(world: &World, folder: &Path) -> Running {
    let path = std::env::join_paths([folder, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    let args = ["logs", "t", "--live", "--step", "two", "--output", "json"];
    Running::start(world.command(&args).env("PATH", path))
}

#[test]
fn a_running_step_is_read_on_the_primary_and_each_line_once() {
    let (world, id, key) = working();
    let folder = programs(&world, &[("ssh", TAILS)]);
    let mut follower = live(&world, &folder);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || -> Value {
        let line = lines.next().unwrap().unwrap();
        hints::check(&line);
        serde_json::from_str(&line).unwrap()
    };
    let shown = next();
    assert_eq!(shown["format"], 1);
    assert_eq!(
        (&shown["text"], &shown["source"]),
        (&json!(FIRST), &json!("driver"))
    );
    assert_eq!(shown["log"], "steps/02-two/stderr");
    // What is uploaded meanwhile is shorter.
    upload(&world, &key, &[FIRST]);
    fs::write(folder.join("ssh.more"), "").unwrap();
    assert_eq!(next()["text"], SECOND);
    let calls = fs::read_to_string(folder.join("ssh.calls")).unwrap();
    let (_, step) = key.split_once("/steps/").unwrap();
    let remote = format!(" tail -c +1 -F /mnt/var/log/hadoop/steps/{step}");
    let remote = remote.trim_end_matches(".gz");
    for part in [remote, " hadoop@", "BatchMode=yes", "ControlPath=none"] {
        assert!(calls.contains(part), "{part}: {calls}");
    }
    // The rest is uploaded when the cluster ends.
    upload(&world, &key, &[FIRST, SECOND, LAST]);
    world.aws("emr", "terminate_job_flows", json!({ "JobFlowIds": [id] }));
    let shown: Vec<Value> = std::iter::from_fn(|| lines.next())
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let drivers = shown.iter().filter(|it| it["log"] == "steps/02-two/stderr");
    let texts: Vec<&Value> = drivers.map(|it| &it["text"]).collect();
    assert_eq!(texts, [LAST], "{shown:#?}");
    let ended = Output::from(follower);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!runs(&folder), "an ssh outlives the command");
}

#[test]
fn a_signal_ends_each_ssh_and_deletes_what_was_copied() {
    let (world, ..) = working();
    let folder = programs(&world, &[("ssh", TAILS)]);
    let path = std::env::join_paths([&*folder, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
    let temporary = world.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let args = ["logs", "t", "--live", "--step", "two"];
    let mut command = world.command(&args);
    let mut follower = Running::start(command.env("PATH", path).env("TMPDIR", &temporary));
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().ends_with(FIRST));
    let left = || fs::read_dir(&temporary).unwrap().count();
    assert_eq!(left(), 1);
    let id = Pid::from_raw(follower.id().try_into().unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    assert_eq!(follower.wait().unwrap().code(), Some(130));
    assert_eq!(left(), 0);
    assert!(!runs(&folder), "an ssh outlives the command");
}

#[test]
fn without_ssh_it_is_said_why_and_uploads_are_shown() {
    let (world, id, key) = working();
    world
        .expect(2, &["logs", id.as_str().unwrap(), "--live"])
        .says("--live needs a stack")
        .says(&format!(
            "next: clusterup logs {} --follow",
            id.as_str().unwrap()
        ));
    upload(&world, &key, &[FIRST]);
    let refused = "#!/bin/sh\necho 'hadoop@x: Permission denied (publickey).' >&2\nexit 255\n";
    let mut follower = live(&world, &programs(&world, &[("ssh", refused)]));
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let shown: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(shown["text"], FIRST);
    world.aws("emr", "terminate_job_flows", json!({ "JobFlowIds": [id] }));
    let ended = Output::from(follower);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let said = String::from_utf8(ended.stderr).unwrap();
    let why = "cannot read logs on the primary: hadoop@x: Permission denied (publickey).";
    assert_eq!(said.matches(why).count(), 1, "{said}");
    assert!(said.contains("about every five minutes"), "{said}");
}
