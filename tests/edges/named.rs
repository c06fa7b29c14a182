//! Names in a stack of things that do not exist, names of stacks that were never applied, and other
//! input that is refused before anything is created.

use crate::room::Room;
use std::fs;

/// Six things that are not there, and two mistakes of the text, each on a line of its own.
const WRONG: &str = "stack: t
region: us-esat-1
typo: 1
key_pairs:
  - name: k
    public_key: none.pub
data:
  ratings:
    path: ratings.dat
cluster:
  release: emr-71.x
  size: 3 x m55.xlarge
job:
  steps:
    - name: one
      script: one.py
      spark: { executor_memory: 9g }
guardrails:
  max_lifetime: 2
";

#[test]
fn every_mistake_is_reported_at_its_line_in_one_run() {
    let room = Room::new();
    room.write("t.yaml", WRONG);
    room.write("onee.py", "");
    let verbs: &[&[&str]] = &[
        &["validate", "t.yaml"],
        &["plan", "t.yaml", "--local"],
        &["apply", "t.yaml", "--local", "--yes"],
        &["plan", "t.yaml"],
    ];
    for verb in verbs {
        let document = room.json(verb);
        assert_eq!(document["exit"], 2, "{verb:?}: {document:#}");
        let found = document["error"]["diagnostics"].as_array().unwrap();
        let lines: Vec<u64> = found
            .iter()
            .map(|it| it["line"].as_u64().unwrap())
            .collect();
        assert_eq!(
            lines,
            [2, 3, 6, 9, 11, 12, 16, 19],
            "{verb:?}: {document:#}"
        );
        let helps: Vec<_> = found.iter().filter_map(|it| it["help"].as_str()).collect();
        for due in ["`us-east-1`", "`emr-7.x`", "`onee.py`"] {
            assert!(
                helps.iter().any(|help| help.contains(due)),
                "{due}: {helps:?}"
            );
        }
    }
    assert!(!room.at("state/clusterup").exists());
}

#[test]
fn memory_that_cannot_fit_is_reported_at_its_line() {
    let room = Room::new();
    room.write("one.py", "");
    let text = |size: &str, memory: &str| {
        format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: {size} }}\njob:\n  \
             steps:\n    - name: one\n      script: one.py\n      spark:\n        \
             executor_memory: {memory}\n"
        )
    };
    for (size, memory, fits) in [
        ("3 x m5.xlarge", "9g", true),
        ("3 x m5.xlarge", "12g", false),
        ("1 x m5.xlarge", "100g", false),
        (
            "{ primary: m5.4xlarge, core: 2 x m5.xlarge, task: 1 x m5.4xlarge }",
            "20g",
            false,
        ),
        (
            "{ primary: m5.xlarge, core: { nodes: 2 x m5.4xlarge } }",
            "20g",
            true,
        ),
    ] {
        room.write("t.yaml", text(size, memory));
        let document = room.json(&["validate", "t.yaml"]);
        if fits {
            assert_eq!(document["exit"], 0, "{size} {memory}: {document:#}");
            continue;
        }
        let found = &document["error"]["diagnostics"];
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{document:#}");
        assert_eq!(found[0]["line"], 9);
        let help = found[0]["help"].as_str().unwrap();
        assert!(help.contains("the largest that fits"), "{help}");
    }
}

#[test]
fn values_of_set_are_checked_too() {
    let room = Room::new();
    room.stack("data: { a: { path: t.yaml } }\n");
    fs::create_dir(room.at("empty")).unwrap();
    for good in ["t.yaml", ".", "*.yaml", "**/t.yaml"] {
        let set = format!("data.a.path={good}");
        room.expect(0, &["validate", "t.yaml", "--set", &set]);
    }
    for (set, says) in [
        ("data.a.path=gone.dat", "the data does not exist"),
        ("data.a.path=*.csv", "no file of the data matches"),
        ("region=eu-wset-1", "did you mean `eu-west-1`?"),
        (
            "cluster.size=2 x m5.xlarg",
            "m5.xlarg is not an instance type",
        ),
        ("data.a.path=empty", "the data is a folder without files"),
    ] {
        room.expect(2, &["validate", "t.yaml", "--set", set])
            .says(says)
            .says("--set");
    }
}

#[test]
fn an_unknown_stack_is_invalid_input() {
    let room = Room::new();
    let verbs: &[&[&str]] = &[
        &["status", "movies", "--local"],
        &["destroy", "movies", "--local", "--yes"],
        &["logs", "movies", "--local"],
        &["extend", "movies", "--local", "--by", "1h", "--why", "w"],
    ];
    for verb in verbs {
        room.expect(2, verb)
            .says("stack movies does not exist on this machine")
            .says("next: clusterup status --local");
    }
    // One that is there and has a like name: a key pair is enough of it.
    room.stack("");
    let key = "state/clusterup/local/movie/keys/spark/id_ed25519.pub";
    room.write(key, "ssh-ed25519 AAAA\n");
    room.expect(2, &["status", "movies", "--local"])
        .says("next: clusterup status movie --local");
    room.expect(2, &["destroy", "movies", "--local", "--yes"])
        .says("did you mean movie?");
    // A stack's file says that the name is meant.
    room.expect(0, &["status", "t.yaml", "--local"])
        .says("nothing of it exists");
    room.expect(0, &["destroy", "t.yaml", "--local"])
        .says("nothing of");
}

#[test]
fn an_unknown_region_is_refused_before_any_call() {
    let room = Room::new();
    for (region, near) in [
        ("us-esat-1", "us-east-1"),
        ("eu-wes-1", "eu-west-1"),
        ("ap-norheast-2", "ap-northeast-2"),
    ] {
        for verb in [&["status", "--region"][..], &["doctor", "--region"]] {
            let args = [verb, &[region]].concat();
            room.expect(2, &args)
                .says("is not a known AWS region")
                .says(&format!("did you mean `{near}`?"));
        }
    }
    room.expect(2, &["status", "--region", "zz-middle-9"])
        .says("prices refresh --region zz-middle-9");
}

#[test]
fn an_executor_larger_than_every_worker_is_refused_before_anything_is_created() {
    let room = Room::new();
    room.stack("");
    let text = fs::read_to_string(room.at("t.yaml")).unwrap();
    let script = "script: job.py";
    let text = text.replace(script, "script: job.py, spark: { executor_memory: 900g }");
    room.write("t.yaml", &text);
    for verb in ["plan", "apply"] {
        let done = room.expect(2, &[verb, "t.yaml", "--local"]);
        done.says("900g").says("the largest that fits is ");
    }
    for folder in ["state/clusterup", "cache/clusterup"] {
        assert!(!room.at(folder).exists(), "{folder} was made");
    }
    let hint = room.run(&["plan", "t.yaml", "--local"]).err;
    let largest = hint.rsplit("the largest that fits is ").next().unwrap();
    let largest = largest.split_whitespace().next().unwrap();
    room.write("t.yaml", text.replace("900g", largest));
    room.expect(0, &["plan", "t.yaml", "--local"]);
}

#[test]
fn invalid_input_exits_with_2_and_a_next_step() {
    let room = Room::new();
    room.stack("");
    room.expect(2, &["plan", "none.yaml", "--local"])
        .says("clusterup init");
    room.expect(2, &["destroy", "No Stack", "--local"])
        .says("clusterup status");
    room.expect(2, &["plan", "t.yaml", "--local", "--sample", "5%"])
        .says("leave --sample out");
    room.expect(2, &["nonsense"]);
    room.write("t.yaml", "stack: T\n");
    let document = room.json(&["validate", "t.yaml"]);
    assert_eq!(document["exit"], 2);
    assert!(document["error"]["diagnostics"].is_array(), "{document:#}");
    room.stack("");
    fs::remove_file(room.at("job.py")).unwrap();
    room.expect(2, &["plan", "t.yaml", "--local"])
        .says("job.py");
}

#[test]
fn a_missing_stack_is_not_an_error() {
    let room = Room::new();
    room.expect(0, &["status", "--local"]).says("no stacks");
    room.stack("");
    room.expect(0, &["destroy", "t.yaml", "--local"])
        .says("nothing of");
    assert!(!room.at("state/clusterup").exists());
}
