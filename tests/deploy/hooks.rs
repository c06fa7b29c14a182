//! The hooks for pre-commit, run as it runs them: the entry's words, then `args`, then the files.

use super::{blocks, root};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const STACK: &str = "stack: t\nteam: recsys\nregion: us-east-1\n\
    cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n";
const POLICY: &str = "policy: small\napplies_to: { teams: [recsys] }\nlimits: { nodes: 4 }\n";

fn hooks() -> Vec<Value> {
    let text = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: Value = serde_saphyr::from_str(&text).unwrap();
    hooks.as_array().unwrap().clone()
}

fn hook(id: &str) -> Value {
    let found = hooks().into_iter().find(|hook| hook["id"] == id);
    found.unwrap_or_else(|| panic!("no hook {id}"))
}

/// The tests' own path, with the program in front.
#[expect(clippy::disallowed_methods, reason = "hooks run programs of the path")]
fn path() -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_clusterup"));
    let others = std::env::var_os("PATH").unwrap();
    let own = [program.parent().unwrap().to_owned()].into_iter();
    std::env::join_paths(own.chain(std::env::split_paths(&others))).unwrap()
}

fn run(hook: &Value, folder: &Path, files: &[&str]) -> Output {
    let entry = shlex::split(hook["entry"].as_str().unwrap()).unwrap();
    let args = hook["args"].as_array().into_iter().flatten();
    let files = files.iter().filter(|_| hook["pass_filenames"] != false);
    Command::new("env")
        .args(entry)
        .args(args.map(|arg| arg.as_str().unwrap()))
        .args(files)
        .current_dir(folder)
        .env("PATH", path())
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env_remove("CLUSTERUP_POLICIES")
        .output()
        .unwrap()
}

fn code(hook: &Value, folder: &Path, files: &[&str]) -> Option<i32> {
    run(hook, folder, files).status.code()
}

#[test]
fn hooks_check_each_stack_and_fail_if_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("policies/tests")).unwrap();
    fs::write(at.join("policies/small.yaml"), POLICY).unwrap();
    let example = "examples:\n  - name: three\n    stack: ../../-good.yaml\n    expect: allow\n";
    fs::write(at.join("policies/tests/e.yaml"), example).unwrap();
    for (name, text) in [
        ("-good.yaml", STACK.to_owned()),
        ("a b;c.yaml", STACK.to_owned()),
        ("large.yaml", STACK.replace('3', "9")),
        ("wrong.yaml", format!("{STACK}surplus: 1\n")),
    ] {
        fs::write(at.join(name), text).unwrap();
    }
    let (good, spaces, large, wrong) = ("-good.yaml", "a b;c.yaml", "large.yaml", "wrong.yaml");
    let validate = hook("clusterup-validate");
    assert_eq!(code(&validate, at, &[good, spaces, large]), Some(0));
    let done = run(&validate, at, &[wrong, good]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.code() == Some(2) && said.contains("wrong.yaml:5:1"),
        "{said}"
    );

    let check = hook("clusterup-policy-check");
    assert_eq!(code(&check, at, &[good, spaces]), Some(0));
    assert_eq!(code(&check, at, &[good, large]), Some(3));
    assert_eq!(code(&check, at, &[wrong, good]), Some(2));

    let test = hook("clusterup-policy-test");
    assert_eq!(code(&test, at, &["policies/small.yaml"]), Some(0));
    fs::write(at.join("policies/small.yaml"), POLICY.replace('4', "2")).unwrap();
    assert_eq!(code(&test, at, &["policies/small.yaml"]), Some(1));
}

#[test]
fn hooks_have_what_pre_commit_requires() {
    for hook in hooks() {
        for key in ["id", "name", "description", "language", "entry", "files"] {
            assert!(hook[key].is_string(), "{key} of {hook}");
        }
        assert_eq!(hook["language"], "system", "nothing is installed");
    }
}

#[test]
fn the_documents_name_hooks_that_exist() {
    let mut count = 0;
    for config in blocks("hooks") {
        for repo in config["repos"].as_array().unwrap() {
            for named in repo["hooks"].as_array().unwrap() {
                let there = hook(named["id"].as_str().unwrap());
                if repo["repo"] == "local" {
                    let words = |hook: &Value| {
                        let entry = hook["entry"].as_str().unwrap().to_owned();
                        let args = hook["args"].as_array().into_iter().flatten();
                        args.fold(entry, |all, arg| format!("{all} {}", arg.as_str().unwrap()))
                    };
                    assert_eq!(words(named), words(&there));
                } else {
                    assert!(repo["rev"].as_str().unwrap().starts_with('v'));
                }
                count += 1;
            }
        }
    }
    assert!(count >= 4, "{count}");
}
