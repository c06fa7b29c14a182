//! The recipes of the justfile name existing tests, and CONTRIBUTING.md lists the recipes.

use super::{at, text};

/// A recipe's name with its commands.
fn recipes(justfile: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for line in justfile.lines() {
        if let Some(command) = line.strip_prefix("    ") {
            all.last_mut().unwrap().1.push(command.to_owned());
        } else if let Some((head, _)) = line.split_once(':')
            && !line.starts_with('#')
        {
            let name = head.split(' ').next().unwrap();
            all.push((name.to_owned(), Vec::new()));
        }
    }
    all
}

/// What follows a flag, each time it is there.
fn after<'a>(command: &'a str, flag: &str) -> Vec<&'a str> {
    let words: Vec<&str> = command.split([' ', '`']).collect();
    let named = words.windows(2).filter(|pair| pair[0] == flag);
    named.map(|pair| pair[1]).collect()
}

#[test]
fn every_recipe_is_documented() {
    let guide = text("CONTRIBUTING.md");
    let all = recipes(&text("justfile"));
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    for due in ["check", "test", "bench", "bless", "docs", "run", "ci"] {
        assert!(names.contains(&due), "{names:?}");
    }
    for (name, commands) in &all {
        assert!(!commands.is_empty(), "{name} does nothing");
        let message = name == "default" || guide.contains(&format!("`{name}`"));
        assert!(message, "CONTRIBUTING.md does not name {name}");
    }
}

#[test]
fn every_test_and_benchmark_that_is_named_is_there() {
    let mut seen = 0;
    for file in ["justfile", "CONTRIBUTING.md"] {
        for line in text(file).lines() {
            let tests = after(line, "--test").into_iter();
            let tests = tests.map(|name| format!("tests/{name}.rs"));
            let benches = after(line, "--bench").into_iter();
            let benches = benches.map(|name| format!("benches/{name}.rs"));
            for path in tests.chain(benches) {
                seen += 1;
                let folder = path.replace(".rs", "/main.rs");
                let there = at(&path).exists() || at(&folder).exists();
                assert!(there, "{file} names {path}");
            }
        }
    }
    assert!(seen > 8, "{seen}");
}
