//! One build serves `cargo run` and `cargo test`: no dependency is compiled twice because the tests
//! enable more of its features.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A package's features, once for each build of it: one for this machine's programs and macros,
/// one for what is linked.
type Builds = BTreeMap<String, BTreeSet<String>>;

/// What is compiled for edges of these kinds.
fn builds(edges: &str, features: &[&str]) -> Builds {
    let tree = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--package",
            "clusterup",
            "--prefix",
            "none",
        ])
        .args(["--edges", edges, "--format", "{p}|{f}|"])
        .args(features)
        .output()
        .unwrap();
    let text = String::from_utf8(tree.stdout).unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    read(&text)
}

/// Of a tree in lines `NAME VERSION|FEATURES|`, perhaps with a mark behind.
fn read(tree: &str) -> Builds {
    let mut builds = Builds::new();
    for line in tree.lines() {
        let mut parts = line.split('|');
        let (Some(package), Some(features)) = (parts.next(), parts.next()) else {
            panic!("not a line of a tree: {line}");
        };
        let all = builds.entry(package.to_owned()).or_default();
        all.insert(features.to_owned());
    }
    builds
}

/// The packages of `run` that `test` compiles in another form.
fn differences(run: &Builds, test: &Builds) -> Vec<String> {
    run.iter()
        .filter(|(package, builds)| test.get(*package) != Some(builds))
        .map(|(package, builds)| format!("{package}: {builds:?}, with tests {:?}", test[package]))
        .collect()
}

#[test]
fn no_dependency_is_compiled_again_for_the_tests() {
    for features in [&[][..], &["--no-default-features"]] {
        let run = builds("normal,build", features);
        let test = builds("normal,build,dev", features);
        assert!(run.len() > 100, "the tree was not read: {}", run.len());
        assert!(test.len() > run.len(), "the tests' own are not there");
        let found = differences(&run, &test);
        assert!(
            found.is_empty(),
            "a dev-dependency turns on features of crates that the program has too; turn them on \
             in [dependencies] of Cargo.toml, each with its reason:\n{}",
            found.join("\n")
        );
    }
}

#[test]
fn a_feature_that_only_tests_turn_on_is_found() {
    let run = read("a v1.0.0||\nb v2.0.0|std|\nb v2.0.0|std| (*)\n");
    for (tree, due) in [
        ("a v1.0.0||\nb v2.0.0|std|\nc v1.0.0||\n", 0),
        ("a v1.0.0|x|\nb v2.0.0|std|\n", 1),
        ("a v1.0.0||\nb v2.0.0|std|\nb v2.0.0|std,x|\n", 1),
        ("a v1.0.0|x|\nb v2.0.0|std,x|\nc v1.0.0||\n", 2),
    ] {
        let found = differences(&run, &read(tree));
        assert_eq!(found.len(), due, "{found:?}");
    }
}

/// `[profile.test]` would compile every dependency again, whatever its features.
#[test]
fn tests_are_compiled_as_the_program_is() {
    let manifest = include_str!("../Cargo.toml");
    assert!(manifest.contains("[profile.dev]"));
    assert!(!manifest.contains("[profile.test"));
}
