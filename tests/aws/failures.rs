//! The examples of failures on AWS: the diagnosis, the fix and the exit code are those of this machine.
//! `tests/e2e/failures.rs` runs them there.

use crate::expected::Expected;
use crate::failure_logs::StepLogs;
use crate::real::{installed, on_spark};
use crate::shipped;
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread;

/// Examples of which the double really runs the script, without executors of their own.
const REAL: [&str; 4] = [
    "exception-in-udf",
    "module-missing-on-driver",
    "syntax-error",
    "wrong-path",
];

/// Applies an example, whose job fails.
fn apply(world: &World, expected: &Expected) {
    let name = &expected.name;
    let stack = format!("examples/failures/{name}.yaml");
    let lint = expected.one("lint");
    let unchecked = (!lint.is_empty()).then_some("--no-lint");
    if unchecked.is_some() {
        let refused = world.json(&["apply", &stack, "--yes"]);
        assert_eq!(refused["exit"], 2, "{refused:#}");
        assert_eq!(refused["error"]["diagnostics"][0]["code"], lint);
    }
    if expected.one("rule").is_empty() {
        return;
    }
    let args = ["apply", &stack, "--yes"].into_iter().chain(unchecked);
    let failed = world.json(&args.collect::<Vec<_>>());
    assert_eq!(failed["exit"], 4, "{failed:#}");
    assert!(!failed.to_string().contains("Unknown Error"), "{failed:#}");
    expected.check(&failed["diagnosis"]);
    let fix = ["fix-on-emr", "fix"].map(|word| expected.one(word));
    let fix = fix.into_iter().find(|fix| !fix.is_empty()).unwrap();
    let first = &failed["diagnosis"]["fixes"][0];
    match fix.strip_prefix("--set ") {
        Some(set) => {
            let next = shlex::split(first["next"].as_str().unwrap()).unwrap();
            let begins = |word: &String| word.starts_with(set.trim_end_matches('…'));
            assert!(next.last().is_some_and(begins), "{name}: {failed:#}");
        }
        None => assert_eq!(first["reason"], fix, "{name}: {failed:#}"),
    }
}

/// Applies examples at the same time.
fn apply_all<'a>(world: &World, all: impl Iterator<Item = &'a Expected>) {
    thread::scope(|scope| {
        for expected in all {
            scope.spawn(move || apply(world, expected));
        }
    });
}

/// The rule by which the double lets the step of an example fail with its logs in EMR's layout.
fn failing(name: &str) -> Option<Value> {
    let logs = StepLogs::of(name)?.on_emr();
    let mut containers = BTreeMap::new();
    if !logs.executor.is_empty() {
        containers.insert(StepLogs::container(), logs.executor);
    }
    Some(json!({
        "match": name, "state": "FAILED", "seconds": 0.5, "late": 0.5, "times": 99,
        "stdout": logs.output, "stderr": logs.log, "containers": containers,
    }))
}

#[test]
fn every_example_is_diagnosed_as_on_this_machine() {
    let world = World::new();
    shipped::copy(world.path());
    let all = Expected::all();
    let rules: Vec<Value> = all.iter().filter_map(|it| failing(&it.name)).collect();
    assert_eq!(
        rules.len() + 1,
        all.len(),
        "one has nothing but a lint error"
    );
    world
        .double
        .post("/_double/steps", json!({ "results": rules }));
    apply_all(&world, all.iter());
}

#[test]
fn scripts_that_really_run_fail_as_on_this_machine() {
    let (runtime, packages) = installed();
    let world = on_spark(&runtime, &packages);
    shipped::copy(world.path());
    world
        .double
        .post("/_double/steps", json!({ "mode": "spark" }));
    let all = Expected::all();
    let real = all.iter().filter(|it| REAL.contains(&it.name.as_str()));
    // A Spark starts for each, and two of them fill a small machine.
    for two in real.collect::<Vec<_>>().chunks(2) {
        apply_all(&world, two.iter().copied());
    }
}
