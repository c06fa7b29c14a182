//! The rules of the project as tests: which room may import which, how long a file may be, and
//! which calls are restricted to which files.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "tidy/circles.rs"]
mod circles;
#[path = "tidy/keys.rs"]
mod keys;
#[path = "tidy/planted.rs"]
mod planted;
#[path = "tidy/verbs.rs"]
mod verbs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms each room may import, besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &["model"]),
    ("cost", &["model"]),
    ("diagnose", &["model"]),
    ("guard", &["model", "cost"]),
    ("plan", &["model", "cost", "guard"]),
    ("policy", &["model", "text", "cost", "guard"]),
    ("simulate", &["model", "cost", "guard", "policy"]),
    ("summary", &["model", "cost"]),
    ("progress", &["model"]),
    ("import", &["model", "text", "cost"]),
    ("chart", &["model"]),
    ("disk", &[]),
    (
        "cloud",
        &["model", "cost", "guard", "diagnose", "summary", "disk"],
    ),
    ("ledger", &["model", "cost", "disk"]),
    (
        "run",
        &[
            "model", "cost", "diagnose", "summary", "progress", "guard", "plan", "policy", "disk",
            "cloud", "ledger",
        ],
    ),
    (
        "app",
        &[
            "model", "text", "cost", "diagnose", "summary", "progress", "guard", "plan", "policy",
            "simulate", "import", "disk", "cloud", "ledger", "run",
        ],
    ),
    (
        "cli",
        &[
            "model", "text", "cost", "diagnose", "summary", "guard", "plan", "policy", "simulate",
            "import", "disk", "cloud", "ledger", "run", "app", "dash", "chart",
        ],
    ),
    ("dash", &["model", "cost", "guard", "run", "chart"]),
];

/// The rooms that do no I/O, hold no `async` and know no clock.
const PURE: &[&str] = &[
    "model", "text", "cost", "diagnose", "summary", "progress", "guard", "plan", "policy",
    "simulate", "import", "chart",
];

/// What a pure room may not even name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::io",
    "std::net::Tcp",
    "std::process",
    "std::thread",
    "std::env",
    "std::time",
    "async fn",
    "tokio",
    "Utc::now",
    "HashMap",
    "HashSet",
    "println!",
    "eprintln!",
];

/// Crates that live in one room, or in the files whose paths begin so.
const CONFINED: &[(&str, &[&str])] = &[
    ("serde_saphyr", &["text/"]),
    ("annotate_snippets", &["text/"]),
    ("anstyle", &["cli/view/tone.rs"]),
    ("toml_edit", &["text/settings.rs"]),
    ("clap_mangen", &["cli/man.rs"]),
    ("clap_complete", &["cli/"]),
    ("clap", &["cli/"]),
    ("comfy_table", &["cli/view/"]),
    ("indicatif", &["cli/view/"]),
    ("ssh_key", &["cloud/keypair.rs"]),
    ("aho_corasick", &["diagnose/rules/"]),
    ("aws_config", &["cloud/aws/"]),
    ("aws_credential_types", &["cloud/aws/"]),
    ("aws_sdk_budgets", &["cloud/aws/"]),
    ("aws_sdk_cloudwatch", &["cloud/aws/"]),
    ("aws_sdk_ec2", &["cloud/aws/"]),
    ("aws_sdk_emr", &["cloud/aws/"]),
    ("aws_sdk_iam", &["cloud/aws/"]),
    ("aws_sdk_pricing", &["cloud/aws/"]),
    ("aws_sdk_resourcegroupstagging", &["cloud/aws/"]),
    ("aws_sdk_s3", &["cloud/aws/"]),
    ("aws_sdk_scheduler", &["cloud/aws/"]),
    ("aws_sdk_sns", &["cloud/aws/"]),
    ("aws_sdk_sts", &["cloud/aws/"]),
    ("aws_smithy_http_client", &["cloud/aws/"]),
    ("aws_smithy_runtime_api", &["cloud/aws/"]),
    ("aws_smithy_types", &["cloud/aws/"]),
    ("aws_types", &["cloud/aws/"]),
    ("askama", &["dash/"]),
    ("axum", &["dash/"]),
    ("cel", &["policy/expr"]),
    ("chrono_tz", &["model/hours.rs"]),
    ("hyper", &["dash/"]),
    ("hyper_util", &["dash/"]),
    ("lettre", &["cloud/notify/"]),
    ("prometheus_client", &["dash/"]),
    (
        "regex",
        &["diagnose/records/", "diagnose/rules/", "policy/expr"],
    ),
    ("ruff_python_ast", &["diagnose/lint/"]),
    ("ruff_python_parser", &["diagnose/lint/"]),
    ("ruff_text_size", &["diagnose/lint/"]),
    ("rusqlite", &["ledger/"]),
    ("ruzstd", &["cloud/event_log.rs"]),
    ("sd_notify", &["cli/watchdog/"]),
    ("tracing", &["cloud/call_log", "cloud/retry.rs"]),
    (
        "tracing_subscriber",
        &["cli/call_log.rs", "cloud/call_log/tests.rs"],
    ),
    ("ureq", &["cloud/"]),
    ("wildmatch", &["model/glob.rs"]),
    ("zip", &["cloud/local/runtime/"]),
    ("Utc::now", &["run/clock.rs"]),
    ("env::var", &["app/environment/mod.rs"]),
];

const LONGEST_FILE: usize = 500;
const LONGEST_LINE: usize = 100;
const LONGEST_FUNCTION: usize = 70;

#[test]
fn imports_go_one_way() {
    let rooms: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(room) = room(&path) else { continue };
        let allowed = rooms
            .get(room)
            .unwrap_or_else(|| panic!("room {room} is not in MAY_IMPORT"));
        for (number, line) in code(&text) {
            for other in imported(line) {
                if other != room && rooms.contains_key(other) && !allowed.contains(&other) {
                    wrong.push(format!(
                        "{}:{}: {room} imports {other}",
                        path.display(),
                        number
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_mapped_in_lib() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for (room, _) in MAY_IMPORT {
        assert!(
            lib.contains(&format!("pub mod {room};")),
            "lib.rs lacks {room}"
        );
        assert!(
            lib.contains(&format!("[`{room}`]")),
            "lib.rs's map lacks {room}"
        );
    }
}

#[test]
fn pure_rooms_are_pure() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !room(&path).is_some_and(|room| PURE.contains(&room)) {
            continue;
        }
        for (number, line) in code(&text) {
            for word in IMPURE.iter().filter(|word| line.contains(*word)) {
                wrong.push(format!("{}:{number}: {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_and_calls_stay_in_their_room() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let place = path
            .strip_prefix("src")
            .unwrap()
            .to_string_lossy()
            .into_owned();
        for (number, line) in code(&text) {
            for (word, places) in CONFINED {
                let uses = line.contains(&format!("{word}::"))
                    || word.contains("::") && line.contains(&format!("{word}("));
                if uses && !places.iter().any(|allowed| place.starts_with(allowed)) {
                    wrong.push(format!(
                        "{}:{number}: {word} belongs in {places:?}",
                        path.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_lines_and_functions_are_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{}: {lines} lines", path.display()));
        }
        // Tests quote what others print.
        let quotes = path.ends_with("tests.rs");
        for (number, line) in code(&text).filter(|_| !quotes) {
            if line.chars().count() > LONGEST_LINE {
                wrong.push(format!("{}:{number}: a long line", path.display()));
            }
        }
        wrong.extend(long_functions(&path, &text));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_owns() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{} has no header", path.display());
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Spelt apart so that this file does not find itself.
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["HA", "CK"],
        ["unimpl", "emented!"],
        ["to", "do!("],
    ];
    for (path, text) in sources() {
        for word in words.map(|parts| parts.concat()) {
            assert!(!text.contains(&word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn no_snapshot_waits_for_a_review() {
    let mut folders = vec![root().join("tests"), root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            let waits = name.ends_with(".snap.new") || name.ends_with(".pending-snap");
            assert!(!waits, "{name} is not reviewed");
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file by its path from the root, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "the sources were not found");
    found
}

/// The folder below `src`; none of `lib.rs` and `main.rs`.
fn room(path: &Path) -> Option<&str> {
    let mut parts = path.iter().skip(1);
    let room = parts.next()?.to_str()?;
    parts.next().map(|_| room)
}

/// The rooms that a line names by `crate::`.
fn imported(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default()
    })
}

/// The lines that are neither comment nor test, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut test = Test::None;
    let numbered = text.lines().enumerate();
    numbered.filter_map(move |(index, line)| {
        let is_test = test.covers(line);
        let line = line.trim_start();
        (!is_test && !line.starts_with("//")).then_some((index + 1, line))
    })
}

/// Where in an item for tests alone a line is: from its `#[cfg(test)]` to its end, and no further.
enum Test {
    None,
    /// Its attributes and the line, or lines, before its body.
    Head,
    /// Its body, which ends with a bracket at this indent.
    Body(usize),
}

impl Test {
    /// Whether the next line belongs to an item for tests alone.
    fn covers(&mut self, line: &str) -> bool {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        match *self {
            Self::None if words.starts_with("#[cfg(test)]") => *self = Self::Head,
            Self::None => return false,
            Self::Head if words.starts_with("#[") || words.starts_with("//") => {}
            Self::Head if words.ends_with(';') || words.ends_with('}') => *self = Self::None,
            Self::Head if words.ends_with('{') => *self = Self::Body(indent),
            Self::Body(at) if indent == at && words.starts_with('}') => *self = Self::None,
            Self::Head | Self::Body(_) => {}
        }
        true
    }
}

#[test]
fn only_test_items_are_exempt() {
    let left = |text: &str| {
        let lines = code(text).map(|(number, line)| format!("{number}:{line}"));
        lines.collect::<Vec<_>>()
    };
    for item in [
        "#[cfg(test)]\nmod tests;",
        "#[cfg(test)]\npub(super) use document::EXAMPLES;",
        "#[cfg(test)]\nmod tests {\n    fn one() {\n    }\n}",
        "#[cfg(test)]\n#[expect(dead_code)]\n// Why.\nimpl A {\n    fn b() {}\n}",
        "#[cfg(test)]\nfn short() {}",
        "#[cfg(test)]\nfn long(\n    a: u8,\n) -> u8 {\n    a\n}",
        "    #[cfg(test)]\n    fn inner() {\n        x {\n        }\n    }",
        "#[cfg(test)]\nconst ALL: [u8; 2] = {\n    [1, 2]\n};",
    ] {
        let lines = item.lines().count();
        let found = left(&format!("use a;\n{item}\nuse b;\n"));
        assert_eq!(
            found,
            ["1:use a;".to_owned(), format!("{}:use b;", lines + 2)],
            "{item}"
        );
    }
    assert_eq!(left("// no\n#[cfg(not(test))]\nuse a;").len(), 2);
}

fn long_functions(path: &Path, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut open: Option<(usize, usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let begins = [
            "fn ",
            "pub fn ",
            "async fn ",
            "pub async fn ",
            "pub(super) fn ",
            "pub(crate) fn ",
            "const fn ",
            "pub const fn ",
            "pub(super) async fn ",
        ]
        .iter()
        .any(|start| words.starts_with(start));
        // A trait's has no body.
        if begins && open.is_none() && !words.ends_with(';') {
            open = Some((number, indent, words.to_owned()));
        }
        if let Some((from, at, name)) = &open
            && (words == "}" && indent == *at || begins && number == *from && words.ends_with('}'))
        {
            if number - from > LONGEST_FUNCTION {
                wrong.push(format!(
                    "{}:{}: {} lines: {name}",
                    path.display(),
                    from + 1,
                    number - from
                ));
            }
            open = None;
        }
    }
    wrong
}
