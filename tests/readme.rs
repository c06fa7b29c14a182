//! The documents are correct: their links lead to a file and heading, their commands are read and
//! run, their samples match the program's output, and their YAML is read. CONTRIBUTING.md lists the
//! marks of fenced blocks. Samples that need AWS are compared in `tests/aws/samples.rs`, those that
//! need Spark in `tests/e2e/quickstart.rs`.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "support/documents.rs"]
mod documents;
#[path = "readme/links.rs"]
mod links;
#[path = "readme/runs.rs"]
mod runs;
#[path = "support/shipped.rs"]
mod shipped;
#[path = "readme/words.rs"]
mod words;

use clusterup::text::field_table::FIELD_TABLE;
use documents::{Block, blocks, same};
use std::fs;
use std::path::Path;

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_readme_is_short() {
    let text = page("README.md");
    // The table of fields is folded.
    let [start, end] = FIELD_TABLE.map(|mark| text.find(mark).unwrap());
    let lines = text[..start].lines().count() + text[end..].lines().count();
    assert!(lines <= 210, "{lines} lines");
}

#[test]
fn every_block_has_a_rule() {
    let rules = [
        "sh",
        "sh,aws",
        "sh,spark",
        "sh,first",
        "sh,host",
        "console",
        "console,aws",
        "console,first",
        "console,spark",
        "yaml,stack",
        "yaml,policy",
        "yaml,accounts",
        "yaml,workflow",
        "yaml,hooks",
        "json,iam",
        "cel",
        "text,drawing",
    ];
    let blocks = blocks();
    for block in &blocks {
        let fence = match block.mark.as_str() {
            "" => block.language.clone(),
            mark => format!("{},{mark}", block.language),
        };
        let place = block.place();
        assert!(
            rules.contains(&fence.as_str()),
            "{place}: no rule for `{fence}`"
        );
    }
    assert!(
        blocks.len() >= 12,
        "only {} blocks were found",
        blocks.len()
    );
}

#[test]
fn yaml_is_read() {
    let mut count = 0;
    for block in blocks() {
        let Block {
            language,
            mark,
            text,
            ..
        } = &block;
        // `tests/deploy` reads the others.
        if language != "yaml" || ["workflow", "hooks"].contains(&mark.as_str()) {
            continue;
        }
        let (place, text) = (block.place(), whole(mark, text));
        let wrong = match mark.as_str() {
            "policy" => clusterup::text::policy("policy.yaml", &text).err(),
            "accounts" => clusterup::text::accounts("accounts.yaml", &text).err(),
            _ => clusterup::text::parse("stack.yaml", &text, Path::new("/"), &[]).err(),
        };
        assert!(wrong.is_none(), "{place}: {}", wrong.unwrap());
        count += 1;
    }
    assert!(count >= 5, "only {count} blocks of YAML were found");
}

/// Documents of IAM are whole: JSON with statements that allow something, to somebody or on something.
#[test]
fn policies_of_iam_are_read() {
    let mut count = 0;
    for block in blocks().iter().filter(|block| block.language == "json") {
        let place = block.place();
        let policy: serde_json::Value =
            serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(policy["Version"], "2012-10-17", "{place}");
        for statement in policy["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow", "{place}");
            assert!(statement["Action"].is_string(), "{place}");
            let to = ["Principal", "Resource"].map(|key| statement[key].is_null());
            assert_ne!(to[0], to[1], "{place}");
            count += 1;
        }
    }
    assert!(count >= 2, "only {count} statements were found");
}

/// A part of a stack or a policy with the keys that have to be there besides.
fn whole(mark: &str, part: &str) -> String {
    let required: &[&str] = match mark {
        "policy" => &["policy: example"],
        "accounts" => &[],
        _ => &[
            "stack: example",
            "region: us-east-1",
            "cluster: { release: emr-7.x, size: 3 x m5.xlarge }",
        ],
    };
    let is_missing = |line: &&&str| {
        let key = line.split_once(' ').map_or(**line, |(key, _)| key);
        !part.lines().any(|other| other.starts_with(key))
    };
    let missing = required.iter().filter(is_missing);
    missing.map(|line| format!("{line}\n")).collect::<String>() + part
}

#[test]
fn parts_of_yaml_are_completed() {
    let stack = whole("stack", "region: eu-west-1\njob: {}\n");
    assert!(stack.starts_with("stack: example\ncluster: "), "{stack}");
    assert!(stack.ends_with("\nregion: eu-west-1\njob: {}\n"), "{stack}");
    assert_eq!(whole("policy", "policy: mine\n"), "policy: mine\n");
    assert_eq!(
        whole("policy", "limits: {}\n"),
        "policy: example\nlimits: {}\n"
    );
}

#[test]
fn differences_from_a_sample_are_found() {
    let printed = "a\nb\nc\n  d\n";
    for good in [
        "a\nb\nc\n  d\n",
        "...\nb\n...\n",
        "a\n ...\n  d\n",
        "...\nb\nc\n...",
        "...\na\nb\n...",
    ] {
        assert!(same(good, printed), "{good}");
    }
    for bad in [
        "",
        "\n",
        "a\nc\n...\n",
        "...\nd\n",
        "a\nb\n",
        "...\nc\nb\n...\n",
        "x\n...\n",
    ] {
        assert!(!same(bad, printed), "{bad}");
    }
}
