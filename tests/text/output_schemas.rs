//! The schemas of JSON documents: those in the repository are the ones in the code, and they refuse
//! what the code does not declare.

use crate::output_schema::{check, fits};
use crate::{at, held};
use clusterup::cli::{output_schema, output_schemas};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

fn file(name: &str) -> String {
    let name = name.replace(" --", "-").replace(' ', "-");
    format!("schema/output/{name}.json")
}

#[test]
fn the_schemas_in_the_repository_are_the_ones_in_the_code() {
    let mut files = BTreeSet::new();
    for name in output_schemas() {
        held(&file(name), &output_schema(name).unwrap());
        files.insert(file(name));
    }
    let there = fs::read_dir(at("schema/output")).unwrap().flatten();
    let names = there.map(|entry| entry.file_name().into_string().unwrap());
    let there: BTreeSet<String> = names.map(|name| format!("schema/output/{name}")).collect();
    assert_eq!(there, files);
    assert!(files.len() >= 30);
    assert_eq!(output_schema("no such command"), None);
}

/// A document of `completions` with changes.
fn completions(change: impl Fn(&mut Value)) -> Result<(), String> {
    let mut document = json!({
        "format": 1, "verb": "completions", "exit": 0, "shell": "bash", "script": "complete",
    });
    change(&mut document);
    fits(&output_schema("completions").unwrap(), &document)
}

#[test]
fn a_document_that_differs_from_its_schema_is_refused() {
    assert_eq!(completions(|_| {}), Ok(()));
    let failed = json!({
        "format": 1, "verb": "completions", "exit": 2,
        "error": { "message": "m", "causes": [], "hints": [], "next": [], "diagnostics": null },
    });
    assert_eq!(completions(|document| *document = failed.clone()), Ok(()));
    for (key, value, why) in [
        ("format", json!(2), "/format: 2 is not as `const` says"),
        ("verb", json!("plan"), "/verb"),
        ("exit", json!("0"), "/exit"),
        ("shell", json!(1), "/shell: 1 is not as `type` says"),
        ("more", json!(1), "/more is not allowed"),
        ("error", json!({ "message": "m" }), "lacks causes"),
    ] {
        let wrong = completions(|document| document[key] = value.clone()).unwrap_err();
        assert!(wrong.contains(why), "{key}: {wrong}");
    }
    let lacks = |document: &mut Value| {
        document.as_object_mut().unwrap().remove("shell");
    };
    assert!(completions(lacks).unwrap_err().contains("lacks shell"));
}

#[test]
fn what_a_program_prints_is_checked() {
    let printed = |script: &str| {
        let start =
            "{\n  \"format\": 1, \"verb\": \"completions\", \"exit\": 0, \"shell\": \"bash\"";
        format!("{start}, \"script\": {script}}}")
    };
    check(&printed("\"t.yaml\""));
    check("no document");
    let found = std::panic::catch_unwind(|| check(&printed("1")));
    assert!(found.is_err());
}

#[test]
fn quantities_have_their_units() {
    let schema = output_schema("cost estimate").unwrap();
    let worst = &schema["$defs"]["WorstCost"]["properties"];
    assert_eq!(worst["cost"]["$ref"], "#/$defs/Dollars", "{schema:#}");
    assert_eq!(worst["deadline"]["$ref"], "#/$defs/Seconds");
    let dollars = &schema["$defs"]["Dollars"];
    assert_eq!(dollars["properties"]["usd"]["type"], "number");
    assert_eq!(dollars["additionalProperties"], false);
}
