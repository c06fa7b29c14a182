//! Names in a stack of things that do not exist, and names of stacks that were never applied.

use crate::home::Home;

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
    let home = Home::new();
    home.write("t.yaml", WRONG);
    home.write("onee.py", "");
    let verbs: &[&[&str]] = &[
        &["validate", "t.yaml"],
        &["plan", "t.yaml", "--local"],
        &["apply", "t.yaml", "--local", "--yes"],
        &["plan", "t.yaml"],
    ];
    for verb in verbs {
        let document = home.json(verb);
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
    assert!(!home.state().join("clusterup").exists());
}

#[test]
fn memory_that_cannot_fit_is_reported_at_its_line() {
    let home = Home::new();
    home.write("one.py", "");
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
        home.write("t.yaml", &text(size, memory));
        let document = home.json(&["validate", "t.yaml"]);
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
    let home = Home::new();
    home.write("one.py", "");
    home.stack(&["one.py"], "data: { a: { path: t.yaml } }\n");
    home.expect(0, &["validate", "t.yaml"]);
    for (set, says) in [
        ("data.a.path=gone.dat", "the data file does not exist"),
        ("region=eu-wset-1", "did you mean `eu-west-1`?"),
        (
            "cluster.size=2 x m5.xlarg",
            "m5.xlarg is not an instance type",
        ),
        ("data.a.path=.", "the data file is a folder"),
    ] {
        home.expect(2, &["validate", "t.yaml", "--set", set])
            .says(says)
            .says("--set");
    }
}

#[test]
fn an_unknown_stack_is_invalid_input() {
    let home = Home::new();
    let verbs: &[&[&str]] = &[
        &["status", "movies", "--local"],
        &["destroy", "movies", "--local", "--yes"],
        &["logs", "movies", "--local"],
        &["extend", "movies", "--local", "--by", "1h", "--why", "w"],
    ];
    for verb in verbs {
        home.expect(2, verb)
            .says("stack movies does not exist on this machine")
            .says("next: clusterup status --local");
    }
    // One that is there and has a like name: a key pair is enough of it.
    home.write("one.py", "");
    home.stack(&["one.py"], "");
    let local = home.state().join("clusterup/local/movie/keys/spark");
    std::fs::create_dir_all(&local).unwrap();
    std::fs::write(local.join("id_ed25519.pub"), "ssh-ed25519 AAAA\n").unwrap();
    home.expect(2, &["status", "movies", "--local"])
        .says("next: clusterup status movie --local");
    home.expect(2, &["destroy", "movies", "--local", "--yes"])
        .says("did you mean movie?");
    // A stack's file says that the name is meant.
    home.expect(0, &["status", "t.yaml", "--local"])
        .says("nothing of it exists");
    home.expect(0, &["destroy", "t.yaml", "--local"])
        .says("nothing of");
}

#[test]
fn an_unknown_region_is_refused_before_any_call() {
    let home = Home::new();
    for (region, near) in [
        ("us-esat-1", "us-east-1"),
        ("eu-wes-1", "eu-west-1"),
        ("ap-norheast-2", "ap-northeast-2"),
    ] {
        for verb in [&["status", "--region"][..], &["doctor", "--region"]] {
            let args = [verb, &[region]].concat();
            home.expect(2, &args)
                .says("is not a known AWS region")
                .says(&format!("did you mean `{near}`?"));
        }
    }
    home.expect(2, &["status", "--region", "zz-middle-9"])
        .says("prices refresh --region zz-middle-9");
}
