//! The examples of failures: their logs lead to one diagnosis, in this machine's layout and in EMR's,
//! and their README says what is expected of them.

use crate::failure_logs::StepLogs;
use crate::failures::Expected;
use clusterup::diagnose::{Asked, diagnose};
use clusterup::model::evidence::{Evidence, LogRole, LogText};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn diagnosis(logs: Vec<LogText>) -> Value {
    let exit = Some(1);
    json!(diagnose(
        &Evidence {
            logs,
            exit,
            ..Evidence::default()
        },
        Asked::default()
    ))
}

/// The driver's output is in one file with Spark's log, and executors have a folder of their own.
fn here(name: &str, logs: &StepLogs) -> Vec<LogText> {
    let stderr = format!("{}{}", logs.log, logs.output);
    let driver = LogText::whole(
        LogRole::DriverLog,
        format!("steps/01-{name}/stderr"),
        stderr,
    );
    let of = "executors/node-1/app-20261130112110-0000/0/stderr";
    let executor = LogText::whole(LogRole::Executor, of, logs.executor.clone());
    let is_lost = !logs.executor.is_empty();
    std::iter::once(driver)
        .chain(is_lost.then_some(executor))
        .collect()
}

/// The driver's output is the step's stdout, and each executor is a container.
fn on_emr(logs: &StepLogs) -> Vec<LogText> {
    let logs = logs.on_emr();
    let is_standalone = |word: &&str| logs.log.contains(word);
    let standalone = ["TaskSchedulerImpl", "Command exited with code"];
    assert_eq!(standalone.iter().find(|word| is_standalone(word)), None);
    let container = format!("containers/{}", StepLogs::container());
    let all = [
        (LogRole::DriverLog, "steps/s-1A2B3C4D5E6F7/stderr", logs.log),
        (
            LogRole::DriverOutput,
            "steps/s-1A2B3C4D5E6F7/stdout",
            logs.output,
        ),
        (LogRole::Executor, &container, logs.executor),
    ];
    let there = all.into_iter().filter(|(.., text)| !text.is_empty());
    there
        .map(|(role, name, text)| LogText::whole(role, name, text))
        .collect()
}

#[test]
fn both_layouts_lead_to_the_expected_diagnosis() {
    let mut count = 0;
    for expected in Expected::all() {
        let Some(logs) = StepLogs::of(&expected.name) else {
            continue;
        };
        expected.check(&diagnosis(here(&expected.name, &logs)));
        expected.check(&diagnosis(on_emr(&logs)));
        count += 1;
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn readme_says_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/failures");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let all = Expected::all();
    for expected in &all {
        let row = row(expected);
        assert!(readme.contains(&row), "README.md has no row\n{row}");
    }
    let rows = readme.lines().filter(|line| line.starts_with("| [`"));
    assert_eq!(rows.count(), all.len());
    let names: BTreeSet<&str> = all.iter().map(|expected| expected.name.as_str()).collect();
    let entries = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let stacks: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    let stacks: BTreeSet<&str> = stacks
        .iter()
        .filter_map(|path| path.file_stem()?.to_str())
        .collect();
    assert_eq!(stacks, names);
}

/// The example's row in the table.
fn row(expected: &Expected) -> String {
    let [name, cause, lint] = [
        expected.name.as_str(),
        expected.one("cause"),
        expected.one("lint"),
    ];
    let says = match (lint, cause) {
        ("", cause) => cause.to_owned(),
        (lint, "") => format!("lint error `{lint}`"),
        (lint, cause) => format!("lint error `{lint}`; with `--no-lint`: {cause}"),
    };
    let fix = match expected.one("fix") {
        set if set.starts_with("--set ") => format!("`{set}`"),
        words => words.to_owned(),
    };
    let teaches = expected.one("teaches");
    format!("| [`{name}`]({name}.yaml) | {teaches} | {says} | {fix} |\n")
}
