//! `import`: requests as other tools make them, generated ones, and hostile ones.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "import/cloudformation.rs"]
mod cloudformation;
#[path = "import/described.rs"]
mod described;
#[path = "import/generated.rs"]
mod generated;
#[path = "import/hostile.rs"]
mod hostile;
#[path = "import/lines.rs"]
mod lines;
#[path = "import/several.rs"]
mod several;
#[path = "import/terraform.rs"]
mod terraform;
#[path = "import/written.rs"]
mod written;

use clusterup::cost::catalog::Catalog;
use clusterup::import::{Imported, Options, Refused, import};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The requests in `tests/import/requests`, by their names.
fn requests() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/requests");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 12);
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        (name, serde_json::from_str(&text).unwrap())
    };
    files.iter().map(read).collect()
}

fn request(name: &str) -> Value {
    let all = requests();
    let found = all.into_iter().find(|(is, _)| is == name);
    found.unwrap_or_else(|| panic!("no request {name}")).1
}

fn imported(document: &str) -> Result<Imported, Refused> {
    let options = Options {
        region: Some("us-east-1".parse().unwrap()),
        ..Options::default()
    };
    import(document, &options, Catalog::bundled())
}

fn made(request: &Value) -> Imported {
    let made = imported(&request.to_string());
    made.unwrap_or_else(|refused| panic!("{refused:?}\n{request:#}"))
}

/// A text whose comments are on one line each.
fn unwrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.trim_start().strip_prefix("#   "), lines.last_mut()) {
            (Some(more), Some(last)) => *last = format!("{last} {more}"),
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

/// The places of all fields: values that hold no others, without `null`.
fn fields(value: &Value, place: &str, all: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Object(entries) => {
            for (key, value) in entries {
                let dot = if place.is_empty() { "" } else { "." };
                fields(value, &format!("{place}{dot}{key}"), all);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                fields(item, &format!("{place}[{number}]"), all);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => all.push(place.to_owned()),
    }
}
