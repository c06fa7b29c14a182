//! The workflows parse, call `.ci/run`, and may do no more than they need.

use super::text;
use serde_json::Value;

const ALL: [&str; 2] = ["ci.yml", "release.yml"];

/// A file of YAML below `.github`.
pub(crate) fn yaml(file: &str) -> Value {
    let text = text(&format!(".github/{file}"));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn jobs(workflow: &Value) -> Vec<(&String, &Value)> {
    workflow["jobs"].as_object().unwrap().iter().collect()
}

fn steps(job: &Value) -> &Vec<Value> {
    job["steps"].as_array().unwrap()
}

fn scripts(job: &Value) -> impl Iterator<Item = &str> {
    steps(job).iter().filter_map(|step| step["run"].as_str())
}

/// Each with its workflow's name.
fn all_jobs() -> Vec<(String, Value)> {
    let files = ALL.map(|file| (file, yaml(&format!("workflows/{file}"))));
    let named = files.iter().flat_map(|(file, workflow)| {
        let all = jobs(workflow).into_iter();
        all.map(move |(name, job)| (format!("{file}: {name}"), job.clone()))
    });
    named.collect()
}

#[test]
fn the_workflow_runs_the_same_checks_as_ci_run() {
    let ci = yaml("workflows/ci.yml");
    let all = jobs(&ci);
    let runs = all.iter().flat_map(|(_, job)| scripts(job));
    assert_eq!(runs.filter(|script| script.trim() == ".ci/run").count(), 1);
    let on = ci["on"].as_object().unwrap();
    assert!(on.contains_key("push") && on.contains_key("pull_request"));
    let used = serde_json::to_string(&ci).unwrap();
    for due in [
        "EmbarkStudios/cargo-deny-action@",
        "Swatinem/rust-cache@",
        "actions/cache@",
    ] {
        assert!(used.contains(due), "{due}");
    }
}

#[test]
fn a_tag_makes_static_binaries_with_checksums() {
    let release = yaml("workflows/release.yml");
    assert_eq!(
        release["on"],
        serde_json::json!({ "push": { "tags": ["v*"] } })
    );
    let targets = release["jobs"]["build"]["strategy"]["matrix"]["include"]
        .as_array()
        .unwrap();
    let targets: Vec<_> = targets.iter().map(|it| it["target"].as_str()).collect();
    let due = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"];
    assert_eq!(targets, due.map(Some));
    let publish: String = scripts(&release["jobs"]["publish"]).collect();
    assert!(publish.contains("SHA256SUMS") && publish.contains("gh release create"));
}

#[test]
fn workflows_may_read_and_one_job_may_write_a_release() {
    for file in ALL {
        let workflow = yaml(&format!("workflows/{file}"));
        let due = serde_json::json!({ "contents": "read" });
        assert_eq!(workflow["permissions"], due, "{file}");
    }
    for (name, job) in all_jobs() {
        let given = &job["permissions"];
        if name == "release.yml: publish" {
            assert_eq!(*given, serde_json::json!({ "contents": "write" }));
            // Nothing of the repository runs there.
            let used = serde_json::to_string(&job).unwrap();
            assert!(!used.contains("checkout") && !used.contains("cargo"));
        } else {
            assert!(given.is_null(), "{name}: {given}");
        }
        assert!(job["timeout-minutes"].as_u64().is_some(), "{name}");
    }
}

#[test]
fn actions_are_pinned_and_keep_no_credentials() {
    let mut seen = 0;
    for (name, job) in all_jobs() {
        for step in steps(&job) {
            let Some(action) = step["uses"].as_str() else {
                continue;
            };
            seen += 1;
            let (_, version) = action.split_once('@').unwrap();
            let number = version.strip_prefix('v').unwrap_or_default();
            assert!(number.parse::<u8>().is_ok(), "{name}: {action}");
            if action.starts_with("actions/checkout") {
                assert_eq!(step["with"]["persist-credentials"], false, "{name}");
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

/// What an expression puts into a script is code there: scripts take it from the environment.
#[test]
fn scripts_hold_no_expressions_and_are_shell() {
    for (name, job) in all_jobs() {
        for script in scripts(&job) {
            assert!(!script.contains("${{"), "{name}: {script}");
            let read = std::process::Command::new("bash")
                .args(["-n", "-c", script])
                .output()
                .unwrap();
            assert!(read.status.success(), "{name}: {script}");
        }
    }
}
