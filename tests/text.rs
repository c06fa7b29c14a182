//! Stacks with mistakes and the report of each; and generated texts.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "text/example_stacks.rs"]
mod example_stacks;
#[path = "text/examples.rs"]
mod examples;
#[path = "text/failures.rs"]
mod failures;
#[path = "text/field_table.rs"]
mod field_table;
#[path = "text/fleets.rs"]
mod fleets;
#[path = "support/output_schema.rs"]
mod output_schema;
#[path = "text/output_schemas.rs"]
mod output_schemas;
#[path = "text/policies.rs"]
mod policies;
#[path = "text/software.rs"]
mod software;

use clusterup::model::name::StackName;
use clusterup::policy::names::document::document;
use clusterup::text::reference::{policy_reference, stack_reference};
use clusterup::text::{
    Code, Diagnostics, NewData, NewStack, Setting, is_local_path, json_schema, parse, setting_paths,
};
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const QUICKSTART: &str = include_str!("../stacks/quickstart.yaml");
const MOVIES: &str = include_str!("../stacks/movie-similarities.yaml");

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn wrong(name: &str) -> Diagnostics {
    let text = std::fs::read_to_string(at(&format!("tests/bad/{name}.yaml"))).unwrap();
    match parse(
        &format!("stacks/{name}.yaml"),
        &text,
        Path::new("stacks"),
        &[],
    ) {
        Ok(stack) => panic!("{name} was read as {stack:?}"),
        Err(wrong) => wrong,
    }
}

fn settings(sets: &[&str]) -> Vec<Setting> {
    sets.iter().map(|set| set.parse().unwrap()).collect()
}

#[test]
fn every_invalid_stack_is_reported() {
    let mut names: Vec<String> = std::fs::read_dir(at("tests/bad"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    names.sort();
    assert!(names.len() >= 25);
    for name in names {
        insta::assert_snapshot!(format!("bad__{name}"), wrong(&name));
    }
}

#[test]
fn nine_mistakes_are_reported_at_nine_places() {
    let wrong = wrong("nine-mistakes");
    let places: BTreeSet<_> = wrong.iter().map(|found| wrong.place(found.at)).collect();
    let codes: BTreeSet<Code> = wrong.iter().map(|found| found.code).collect();
    assert_eq!((wrong.iter().count(), places.len(), codes.len()), (9, 9, 8));
    assert_eq!(wrong.summary(), "9 mistakes in stacks/nine-mistakes.yaml");
}

#[test]
fn programs_get_the_same_as_json() {
    for name in ["nine-mistakes", "duplicate-key", "unicode", "empty"] {
        let json = serde_json::to_string_pretty(&wrong(name)).unwrap();
        insta::assert_snapshot!(format!("json__{name}"), json);
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let wrong = wrong("nine-mistakes");
    let mut plain = String::new();
    let coloured = wrong.coloured();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain += before;
        rest = after.split_once('m').unwrap().1;
    }
    assert_ne!(coloured, wrong.to_string());
    assert_eq!(plain + rest, wrong.to_string());
}

#[test]
fn mistakes_in_settings_are_distinguished_from_the_file() {
    let sets = settings(&[
        "data.ratings.path=ratings\u{7}.dat",
        "guardrails.budget=3",
        "guardrails.max_lifetme=1h",
        "cluster.security_groups=[spark-ssh, spark-shs]",
        "job.python_packages=[numpy",
        "job.steps.similarity.spark.executor_memory=2g",
        "cluster.size.core.market=spott",
    ]);
    let wrong = parse("stacks/m.yaml", MOVIES, Path::new("stacks"), &sets).unwrap_err();
    insta::assert_snapshot!("settings", wrong);
}

#[test]
fn the_shipped_stacks_are_right() {
    let base = Path::new("stacks");
    let quickstart = parse("stacks/quickstart.yaml", QUICKSTART, base, &[]).unwrap();
    insta::assert_snapshot!("stack__quickstart", pretty(&quickstart));
    let movies = parse("stacks/movie-similarities.yaml", MOVIES, base, &[]).unwrap();
    insta::assert_snapshot!("stack__movie-similarities", pretty(&movies));
    let here = settings(&["data.ratings.path=/data/ml-1m/ratings.dat"]);
    let movies = parse("stacks/movie-similarities.yaml", MOVIES, base, &here).unwrap();
    let data = serde_json::to_string_pretty(&movies.data).unwrap();
    insta::assert_snapshot!("stack__movie-similarities-by-path", data);
}

#[test]
fn line_ends_and_byte_order_marks_change_nothing() {
    let base = Path::new("stacks");
    let plain = parse("x.yaml", QUICKSTART, base, &[]).unwrap();
    let windows = format!("\u{feff}{}", QUICKSTART.replace('\n', "\r\n"));
    assert_eq!(parse("x.yaml", &windows, base, &[]).unwrap(), plain);
    let wrong = windows.replace("us-east-1", "us-east");
    let wrong = parse("x.yaml", &wrong, base, &[]).unwrap_err();
    let places: Vec<_> = wrong.iter().map(|found| wrong.place(found.at)).collect();
    assert_eq!(places, [("x.yaml", 10, 9)]);
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// The schema in the repository is the one in the code.
fn held(file: &str, schema: &serde_json::Value) {
    written(file, &(pretty(schema) + "\n"));
}

/// A file in the repository is what the code makes.
fn written(file: &str, code: &str) {
    let path = at(file);
    #[expect(clippy::disallowed_methods, reason = "BLESS makes a test write files")]
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, code).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == code,
        "{file} is old; `BLESS=1 cargo test --test text` writes it"
    );
}

#[test]
fn the_schema_in_the_repository_is_the_one_in_the_code() {
    held("schema/stack.json", &json_schema());
}

#[test]
fn the_references_are_made_of_the_declarations() {
    written("docs/stack-reference.md", &stack_reference());
    written("docs/policy-reference.md", &policy_reference());
}

/// The value that the reference gives as an example is one, wherever a path leads.
#[test]
fn every_path_that_is_offered_can_be_set() {
    let paths = setting_paths();
    assert!(paths.len() > 45, "{paths:?}");
    for key in [
        "guardrails.budget",
        "cluster.size.core.ebs.volumes",
        "job.steps.0.script",
    ] {
        assert!(paths.iter().any(|path| path == key), "{key} of {paths:?}");
    }
    let text = MOVIES.replace(
        "size: 3 x m5.xlarge",
        "size: { primary: { fleet: { types: [m5.xlarge], on_demand: 1 } }, \
         core: { fleet: { types: [m5.xlarge], spot: 2 } }, \
         task: { fleet: { types: [m5.xlarge], spot: 1 } } }\n  \
         bootstrap: [{ name: tools, script: s3://bucket/tools.sh }]",
    );
    for path in &paths {
        let set: Setting = format!("{path}=\u{1}").parse().unwrap();
        let wrong = parse("x.yaml", &text, Path::new("stacks"), &[set]).unwrap_err();
        for found in wrong.iter() {
            assert!(found.code != Code::UnknownPath, "{path}: {}", found.message);
        }
    }
}

#[test]
fn local_paths_are_recognised_by_their_declarations() {
    for path in [
        "data.a.path",
        "key_pairs.spark.public_key",
        "job.results",
        "job.steps.a.b.script",
    ] {
        assert!(is_local_path(path), "{path}");
    }
    for no in [
        "tags.path",
        "data.a.url",
        "job.steps.a.spark.conf.path",
        "path",
        "cluster.size",
        "",
    ] {
        assert!(!is_local_path(no), "{no}");
    }
}

#[test]
fn the_names_that_rules_know_are_documented() {
    written("docs/policy-names.md", &document());
}

/// Something done to a text.
#[derive(Debug, Clone)]
enum Change {
    Byte(usize, char),
    Delete(usize, usize),
    Double(usize, usize),
    Swap(usize, usize),
    Token(usize, &'static str),
    Cut(usize),
}

const TOKENS: [&str; 40] = [
    "",
    "~",
    "null",
    "[]",
    "{}",
    "[",
    "]",
    "{",
    "}",
    ":",
    "- ",
    "? ",
    "*a",
    "&a x",
    "!!str x",
    "<<: *a",
    "---",
    "...",
    "%YAML 1.2",
    "\t",
    "\"",
    "'",
    "|",
    ">",
    "#",
    "${",
    "${data.ratings}",
    "$${",
    "0",
    "10",
    "-1",
    "1e999",
    ".nan",
    "0x1F",
    "yes",
    "10m",
    "$3",
    "0.0.0.0/0",
    "3 x m5.xlarge",
    "日本語",
];

fn change() -> impl Strategy<Value = Change> {
    let n = || 0..6_000_usize;
    prop_oneof![
        (n(), any::<char>()).prop_map(|(at, to)| Change::Byte(at, to)),
        (n(), 1..80_usize).prop_map(|(at, long)| Change::Delete(at, long)),
        (n(), 1..80_usize).prop_map(|(at, long)| Change::Double(at, long)),
        (0..100_usize, 0..100_usize).prop_map(|(a, b)| Change::Swap(a, b)),
        (n(), 0..TOKENS.len()).prop_map(|(at, token)| Change::Token(at, TOKENS[token])),
        n().prop_map(Change::Cut),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let long = chars.len();
    if long == 0 {
        return text.to_owned();
    }
    match *change {
        Change::Byte(at, to) => chars[at % long] = to,
        Change::Delete(at, many) => {
            let at = at % long;
            chars.drain(at..long.min(at + many));
        }
        Change::Double(at, many) => {
            let at = at % long;
            let part = chars[at..long.min(at + many)].to_vec();
            chars.splice(at..at, part);
        }
        Change::Swap(a, b) => {
            let mut lines: Vec<&str> = text.lines().collect();
            let count = lines.len();
            lines.swap(a % count, b % count);
            return lines.join("\n");
        }
        Change::Token(at, token) => {
            let word = |c: &char| c.is_alphanumeric() || "$_-.{}".contains(*c);
            let at = at % long;
            let end = chars[at..]
                .iter()
                .position(|c| !word(c))
                .map_or(long, |n| at + n);
            chars.splice(at..end, token.chars());
        }
        Change::Cut(at) => chars.truncate(at % long),
    }
    chars.into_iter().collect()
}

/// Whatever the text: a stack, or mistakes.
fn survives(text: &str, sets: &[&str]) {
    let sets: Vec<Setting> = sets.iter().filter_map(|set| set.parse().ok()).collect();
    let Err(wrong) = parse("x.yaml", text, Path::new("stacks"), &sets) else {
        return;
    };
    within_the_text(&wrong, text);
}

/// There are mistakes, each can be shown, and each lies within its own text.
fn within_the_text(wrong: &Diagnostics, text: &str) {
    assert!(wrong.iter().next().is_some());
    let lines = |text: &str| text.split('\n').count();
    for found in wrong.iter() {
        let (name, line, column) = wrong.place(found.at);
        let most = if name.starts_with("--set ") {
            1
        } else {
            lines(text)
        };
        assert!(
            (1..=most).contains(&line) && column >= 1,
            "{line}:{column} of {name}"
        );
        assert!(
            !found.message.contains("is not understood"),
            "a check let it through: {found:?}"
        );
        assert!(!found.message.chars().any(char::is_control), "{found:?}");
    }
    assert!(wrong.to_string().ends_with(&(wrong.summary() + "\n")));
    serde_json::to_string(wrong).unwrap();
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 400))]

    #[test]
    fn changed_stacks_are_read_or_refused(
        movies in any::<bool>(),
        changes in prop::collection::vec(change(), 1..12),
    ) {
        let mut text = if movies { MOVIES } else { QUICKSTART }.to_owned();
        for change in &changes {
            text = apply(&text, change);
        }
        survives(&text, &[]);
    }

    #[test]
    fn texts_of_yaml_syntax_are_read_or_refused(
        words in prop::collection::vec((0..TOKENS.len() + 12, 0..4_usize), 0..40),
    ) {
        let keys = [
            "stack: ", "cluster: ", "data: ", "a: ", "job:\n  ", "steps: ", "size: ", "name: ",
            "args: ", "guardrails:\n  ", "beside: ", "path: ",
        ];
        let between = ["", " ", "\n", "\n  "];
        let text: String = words
            .iter()
            .map(|(word, gap)| {
                let all = TOKENS.iter().chain(&keys).nth(*word).unwrap();
                format!("{all}{}", between[*gap])
            })
            .collect();
        survives(&text, &[]);
    }

    #[test]
    fn settings_are_taken_or_refused(
        path in "(data|job|steps|cluster|size|core|[a-z.0-9]|similarities|args|spark|conf){1,8}",
        dots in prop::collection::vec(0..60_usize, 0..8),
        value in 0..TOKENS.len(),
    ) {
        let mut path: Vec<char> = path.chars().collect();
        for dot in dots {
            path.insert(dot % (path.len() + 1), '.');
        }
        let set = format!("{}={}", path.into_iter().collect::<String>(), TOKENS[value]);
        survives(MOVIES, &[&set]);
    }

    #[test]
    fn new_stacks_of_all_names_are_stacks(
        name in "[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
        place in "[a-zA-Z0-9 _.,:#'\"{}-]{0,30}x",
    ) {
        let name: StackName = name.parse().unwrap();
        let new = NewStack {
            name: name.clone(),
            region: "us-east-1".parse().unwrap(),
            script: format!("{place}.py"),
            packages: Vec::new(),
            data: vec![NewData {
                name: "data".parse().unwrap(),
                kind: "path",
                place,
            }],
            args: vec!["${data.data}".to_owned()],
            unmet: Vec::new(),
            size: ("3 x m5.xlarge".to_owned(), "enough".to_owned()),
            lifetime: "1h".parse().unwrap(),
            budget: None,
        };
        let stack = parse("x.yaml", &new.render(), Path::new(""), &[]).unwrap();
        prop_assert_eq!(stack.name, name);
        prop_assert_eq!(stack.data.len(), 1);
    }
}

#[test]
fn texts_that_could_be_slow_are_fast() {
    let many = "a: 1\n".repeat(40_000);
    survives(&many, &[]);
    survives(&format!("[{}]", "{a: [], ".repeat(20_000)), &[]);
    survives(&"- ".repeat(50_000), &[]);
    survives(
        &format!("job: {{ steps: [{}] }}", "{},".repeat(30_000)),
        &[],
    );
    survives(&format!("data: {{ {} }}", "a: {},".repeat(20_000)), &[]);
    survives(&"x".repeat(1_000_000), &[]);
}
