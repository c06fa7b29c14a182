//! The examples of failures on this machine's Spark: each fails as it is expected to, and the fix
//! that is offered lets it end well. CONTRIBUTING.md has the command that also runs the ignored ones.

use crate::expected::Expected;
use crate::home::Home;
use crate::shipped;
use serde_json::Value;
use std::fs;

macro_rules! examples {
    ($($(#[$mark:meta])? $test:ident $name:literal,)+) => {
        const NAMES: &[&str] = &[$($name),+];
        $($(#[$mark])?
        #[test]
        fn $test() {
            fails_and_is_fixed($name);
        })+
    };
}

examples! {
    #[ignore = "two clusters, and like another example"]
    disk_full "disk-full",
    driver_heap "driver-heap",
    encoding "encoding",
    exception_in_udf "exception-in-udf",
    executor_heap "executor-heap",
    executor_killed "executor-killed",
    hard_coded_master "hard-coded-master",
    module_missing_on_driver "module-missing-on-driver",
    module_missing_on_workers "module-missing-on-workers",
    #[ignore = "two clusters, and like another example"]
    output_exists "output-exists",
    #[ignore = "two clusters, and like another example"]
    python_worker_killed "python-worker-killed",
    python_worker_memory "python-worker-memory",
    #[ignore = "two clusters, and like another example"]
    result_too_big "result-too-big",
    #[ignore = "two clusters, and like another example"]
    skew "skew",
    #[ignore = "two clusters, and like another example"]
    syntax_error "syntax-error",
    wrong_path "wrong-path",
}

#[test]
fn every_example_is_run() {
    let names: Vec<String> = Expected::all().into_iter().map(|it| it.name).collect();
    assert_eq!(names, NAMES);
}

fn fails_and_is_fixed(name: &str) {
    let all = Expected::all();
    let expected = all.iter().find(|it| it.name == name).unwrap();
    let home = Home::new();
    shipped::copy(home.path());
    let stack = format!("examples/failures/{name}.yaml");
    let apply = ["apply", &stack, "--local"];
    let lint = expected.one("lint");
    if !lint.is_empty() {
        let refused = home.json(&apply);
        assert_eq!(refused["exit"], 2, "{refused:#}");
        assert_eq!(refused["error"]["diagnostics"][0]["code"], lint);
    }
    let mut next = None;
    if !expected.one("rule").is_empty() {
        let unchecked = (!lint.is_empty()).then_some("--no-lint");
        let args: Vec<&str> = apply.into_iter().chain(unchecked).collect();
        let failed = home.json(&args);
        assert_eq!(failed["exit"], 4, "{failed:#}");
        expected.check(&failed["diagnosis"]);
        next = fix(expected, &failed["diagnosis"]["fixes"][0]);
        is_shown_again(&home, &stack, &failed["diagnosis"]["fixes"]);
    }
    let next = next.unwrap_or_else(|| {
        edit(expected, &home);
        apply.map(str::to_owned).to_vec()
    });
    let next: Vec<&str> = next.iter().map(String::as_str).collect();
    home.expect(0, &next);
}

/// `status` and `diagnose` show what `apply` offered.
fn is_shown_again(home: &Home, stack: &str, fixes: &Value) {
    let status = home.json(&["status", stack, "--local"]);
    let cluster = &status["stacks"][0]["observed"]["clusters"][0];
    let steps = cluster["steps"].as_array().unwrap().iter();
    let kept: Vec<&Value> = steps.map(|step| &step["diagnosis"]["fixes"]).collect();
    let kept: Vec<_> = kept.into_iter().filter(|it| !it.is_null()).collect();
    // The flag is one of this `apply` alone.
    let fixes = fixes.to_string().replace(" --no-lint", "");
    let fixes: Value = serde_json::from_str(&fixes).unwrap();
    assert_eq!(kept, [&fixes], "{status:#}");
    let found = home.json(&["diagnose", stack, "--local"]);
    assert_eq!(found["diagnosis"]["fixes"], fixes, "{found:#}");
}

/// The arguments of the command that is offered first, if it changes the stack; else what is offered
/// is for a person.
fn fix(expected: &Expected, offered: &Value) -> Option<Vec<String>> {
    let fix = expected.one("fix");
    let Some(set) = fix.strip_prefix("--set ") else {
        assert_eq!(offered["reason"], fix, "{offered:#}");
        return None;
    };
    let command = shlex::split(offered["next"].as_str().unwrap()).unwrap();
    assert!(
        command.ends_with(&["--set".to_owned(), set.to_owned()]),
        "{command:?}"
    );
    Some(command[1..].to_vec())
}

/// Changes what a person changes.
fn edit(expected: &Expected, home: &Home) {
    for edit in expected.each("edit") {
        let [file, old, new] = edit
            .splitn(3, " | ")
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let path = home.path().join("examples/failures").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{old} in {file}");
        fs::write(path, text.replace(old, &new.replace("\\n", "\n"))).unwrap();
    }
}
