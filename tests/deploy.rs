//! What is deployed: a policy that allows the watchdog its calls and no more, a container that runs
//! as the user `nobody`, and what checks stacks before they are merged and committed.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "deploy/action.rs"]
mod action;
#[path = "deploy/hooks.rs"]
mod hooks;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn policy() -> Vec<Value> {
    let text = fs::read_to_string(root().join("deploy/iam-policy.json")).unwrap();
    let policy: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        policy["Version"], "2012-10-17",
        "else ${{…}} is no variable"
    );
    policy["Statement"].as_array().unwrap().clone()
}

/// The blocks of YAML with this mark in the page about a team's tools.
fn blocks(mark: &str) -> Vec<Value> {
    let page = fs::read_to_string(root().join("docs/teams.md")).unwrap();
    let fence = format!("```yaml,{mark}\n");
    let parts = page.split(&fence).skip(1);
    let texts = parts.map(|part| part.split("```").next().unwrap());
    texts
        .map(|text| serde_saphyr::from_str(text).unwrap())
        .collect()
}

/// One or several, as IAM has it.
fn many(value: &Value) -> Vec<&str> {
    match value.as_array() {
        Some(many) => many.iter().map(|it| it.as_str().unwrap()).collect(),
        None => vec![value.as_str().unwrap()],
    }
}

fn is_read(action: &str) -> bool {
    let (_, name) = action.split_once(':').unwrap();
    ["List", "Describe", "Get"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

#[test]
fn statements_that_change_something_are_restricted() {
    for statement in policy() {
        assert_eq!(statement["Effect"], "Allow");
        let actions = many(&statement["Action"]);
        assert!(
            actions.iter().all(|action| !action.contains('*')),
            "{actions:?}"
        );
        let resources = many(&statement["Resource"]);
        let narrow = resources.iter().all(|resource| {
            // Something in it names a kind of thing, or ours among them.
            let parts: Vec<&str> = resource.splitn(6, ':').collect();
            parts.len() == 6 && parts[0] == "arn" && !parts[2].contains('*') && parts[5] != "*"
        });
        let reads = actions.iter().all(|action| is_read(action));
        assert!(reads || narrow, "{actions:?} on {resources:?}");
    }
}

#[test]
fn resources_of_others_cannot_be_changed() {
    let of = |action: &str| -> Vec<Value> {
        let all = policy().into_iter();
        all.filter(|it| many(&it["Action"]).contains(&action))
            .collect()
    };
    for action in ["ec2:DeleteKeyPair", "ec2:DeleteSecurityGroup"] {
        for statement in of(action) {
            let tag = &statement["Condition"]["StringEquals"]["aws:ResourceTag/clusterup-managed"];
            assert_eq!(tag, "true", "{action}");
        }
    }
    for action in [
        "s3:ListBucket",
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
    ] {
        let found = of(action);
        assert!(!found.is_empty());
        for statement in found {
            // Names of buckets are the world's: anybody may have one that begins like ours.
            let account = &statement["Condition"]["StringEquals"]["aws:ResourceAccount"];
            assert_eq!(account, "${aws:PrincipalAccount}", "{action}");
            for resource in many(&statement["Resource"]) {
                assert!(
                    resource.starts_with("arn:aws:s3:::clusterup-*"),
                    "{resource}"
                );
            }
        }
    }
    let passed = of("iam:PassRole");
    let service = &passed[0]["Condition"]["StringEquals"]["iam:PassedToService"];
    assert_eq!(
        (passed.len(), service),
        (1, &"scheduler.amazonaws.com".into())
    );
    let schedules = of("scheduler:DeleteSchedule");
    assert!(many(&schedules[0]["Resource"])[0].ends_with(":schedule/default/clusterup-*"));
}

/// The text of all files below a folder.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                fs::read_to_string(path).unwrap()
            }
        })
        .collect()
}

#[test]
fn every_permission_belongs_to_a_call_that_is_made() {
    let calls = sources(&root().join("src/cloud/api"));
    // Passing a role is no call; the other two are calls of the watchdog's edge.
    let besides = [
        "iam:PassRole",
        "cloudwatch:GetMetricData",
        "scheduler:ListSchedules",
    ];
    let all = policy();
    let granted: BTreeSet<&str> = all.iter().flat_map(|it| many(&it["Action"])).collect();
    for action in &granted {
        let made = calls.contains(&format!("\"{action}\"")) || besides.contains(action);
        assert!(made, "{action} is granted for nothing");
    }
    for needed in [
        "elasticmapreduce:ListClusters",
        "elasticmapreduce:TerminateJobFlows",
        "elasticmapreduce:RemoveTags",
        "cloudwatch:GetMetricData",
        "scheduler:UpdateSchedule",
        "sns:Publish",
        "sts:GetCallerIdentity",
    ] {
        assert!(granted.contains(needed), "{needed} lacks");
    }
}

#[test]
fn the_container_runs_as_nobody() {
    let text = fs::read_to_string(root().join("deploy/Dockerfile")).unwrap();
    let (_, last) = text.rsplit_once("\nFROM ").unwrap();
    assert!(last.starts_with("gcr.io/distroless/"), "{last}");
    assert!(last.contains("\nUSER 65532:65532\n") && !last.contains("\nRUN "));
    let copied = text
        .lines()
        .filter_map(|line| line.strip_prefix("COPY --from=build "));
    for line in copied {
        let from = line.split(' ').find(|word| word.starts_with('/')).unwrap();
        assert!(text.contains(&format!(" {from}")), "{from} is not built");
    }
    let toml = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version = toml
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap();
    let version = version.trim_matches('"');
    assert!(
        text.contains(&format!("FROM rust:{version}-")),
        "it is built with Rust {version}"
    );
    assert!(Path::new(&root().join("deploy/Dockerfile.dockerignore")).exists());
}
