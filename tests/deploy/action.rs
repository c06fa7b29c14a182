//! The action for pull requests: its steps as data, the workflow of the documents, and its scripts,
//! which `tests/deploy/*.py` run in repositories of their own.

use super::{blocks, root};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// How many tests the files below `tests/deploy` have together.
const TESTS: usize = 19;

fn action() -> Value {
    let text = fs::read_to_string(root().join("deploy/github-action/action.yml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn steps(action: &Value) -> &Vec<Value> {
    action["runs"]["steps"].as_array().unwrap()
}

/// The words after this prefix in a text, such as the inputs after `inputs.`.
fn named_after(prefix: &str, text: &str) -> BTreeSet<String> {
    let parts = text.split(prefix).skip(1);
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let words = parts.map(|part| part.split(|c| !is_part(c)).next().unwrap().to_owned());
    words.collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    let map = value.as_object().unwrap_or_else(|| panic!("{value}"));
    map.keys().cloned().collect()
}

/// What an expression puts into a script is code there.
#[test]
fn inputs_reach_scripts_through_the_environment() {
    let action = action();
    assert_eq!(action["runs"]["using"], "composite");
    for step in steps(&action) {
        if let Some(used) = step["uses"].as_str() {
            let (_, version) = used.split_once("@v").unwrap();
            assert!(version.parse::<u8>().is_ok(), "{used}");
            continue;
        }
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "{script}");
        assert_eq!(step["shell"], "bash");
        let read = Command::new("bash").args(["-n", "-c", script]).output();
        assert!(read.unwrap().status.success(), "{script}");
    }
}

#[test]
fn steps_give_what_their_scripts_read_and_no_more() {
    let action = action();
    let mut count = 0;
    for step in steps(&action) {
        let script = step["run"].as_str().unwrap_or_default();
        let Some(name) = script.strip_prefix("python3 \"$GITHUB_ACTION_PATH/") else {
            continue;
        };
        let name = name.trim().trim_end_matches('"');
        let text = fs::read_to_string(root().join("deploy/github-action").join(name)).unwrap();
        let read = named_after("environ[\"", &text).into_iter();
        let read: BTreeSet<String> = read.filter(|key| key.starts_with("ACTION_")).collect();
        assert_eq!(keys(&step["env"]), read, "{name}");
        for key in &read {
            assert!(
                text.contains(&format!("\n{key} ")),
                "{name}: {key} has no help"
            );
        }
        // Only one step has the token.
        assert_eq!(read.contains("ACTION_TOKEN"), name == "post.py", "{name}");
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn inputs_and_outputs_exist_and_are_described() {
    let action = action();
    let declared = keys(&action["inputs"]);
    let used = named_after("inputs.", &action["runs"].to_string());
    assert_eq!(used, declared);
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(input["description"].is_string(), "{name}");
        assert!(input["default"].is_string(), "{name}");
    }
    let check = fs::read_to_string(root().join("deploy/github-action/check.py")).unwrap();
    for (name, output) in action["outputs"].as_object().unwrap() {
        assert!(output["description"].is_string(), "{name}");
        let value = format!("${{{{ steps.check.outputs.{name} }}}}");
        assert_eq!(output["value"], value);
        assert!(check.contains(&format!("\"{name}\": ")), "{name}");
    }
    let ids = steps(&action).iter().filter_map(|step| step["id"].as_str());
    let ids: BTreeSet<String> = ids.map(ToOwned::to_owned).collect();
    assert!(named_after("steps.", &action.to_string()).is_subset(&ids));
}

#[test]
fn the_workflow_of_the_documents_uses_what_the_action_has() {
    let mut count = 0;
    for workflow in blocks("workflow") {
        // A pull request from a fork gets no secrets.
        assert_eq!(workflow["on"], "pull_request");
        let expected: Value = serde_json::json!({
            "contents": "read", "pull-requests": "write", "security-events": "write",
        });
        assert_eq!(workflow["permissions"], expected);
        for job in workflow["jobs"].as_object().unwrap().values() {
            for step in job["steps"].as_array().unwrap() {
                let used = step["uses"].as_str().unwrap();
                assert!(used.contains("@v"), "{used}");
                if used.starts_with("clusterup/clusterup/deploy/github-action@") {
                    let given = keys(&step["with"]);
                    assert!(given.is_subset(&keys(&action()["inputs"])), "{given:?}");
                    count += 1;
                }
            }
        }
        let outputs = named_after("steps.clusterup.outputs.", &workflow.to_string());
        assert!(outputs.is_subset(&keys(&action()["outputs"])));
    }
    assert!(count > 0);
}

/// Runs the tests in Python, one process for all files.
#[test]
fn scripts_check_pull_requests() {
    let home = tempfile::tempdir().unwrap();
    let done = Command::new("python3")
        .args(["-m", "unittest", "discover", "-s", "tests/deploy"])
        .current_dir(root())
        .env("CLUSTERUP", env!("CARGO_BIN_EXE_clusterup"))
        .env("HOME", home.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let ran = format!("Ran {TESTS} tests");
    assert!(said.contains(&ran), "not as many as were written: {said}");
}
