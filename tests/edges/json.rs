//! `--output json`: one document on standard output, also if the command line is invalid and if a
//! verb fails.

use crate::room::{Done, Room};
use crate::{hints, verbs};
use serde_json::Value;

/// The single document, with this exit code.
fn document(args: &[&str], done: &Done, exit: i32) -> Value {
    assert_eq!(done.code, exit, "{args:?}: {}", done.err);
    let read = serde_json::from_str(&done.out);
    let document: Value = read.unwrap_or_else(|why| panic!("{args:?}: {why}: {:?}", done.out));
    assert_eq!(document["exit"], exit, "{args:?}: {document:#}");
    assert_eq!(document["format"], 1, "{args:?}: {document:#}");
    assert!(
        done.out.starts_with("{\n  \"format\": 1,\n"),
        "{}",
        done.out
    );
    document
}

/// The document of a failure, in the common form.
fn failure(args: &[&str], done: &Done, exit: i32) -> Value {
    let document = document(args, done, exit);
    let error = &document["error"];
    let message = error["message"].as_str().unwrap_or_default();
    let lists = ["causes", "hints", "next"].map(|list| error[list].is_array());
    assert!(
        lists == [true; 3] && !message.is_empty(),
        "{args:?}: {document:#}"
    );
    assert!(!message.starts_with("error"), "{args:?}: {message}");
    for command in error["next"].as_array().unwrap() {
        let command = command.as_str().unwrap();
        assert_eq!(hints::pasted(command), Ok(()), "{args:?}: {command}");
    }
    document
}

/// Different mistakes on a command line; `$` stands for the verb.
const WRONG: &[&[&str]] = &[
    &["$", "--no-such-flag", "--output", "json"],
    &["--output=json", "$", "--locale"],
    &["$", "--output", "json", "--output", "json"],
    &["--output", "json", "$", "--output=xml"],
    &["$", "--output=json", "-Z"],
    &["$", "--output=json", "--output"],
];

#[test]
fn an_invalid_command_line_gives_one_document_for_every_verb() {
    let room = Room::new();
    for verb in verbs::all() {
        for wrong in WRONG {
            let words = wrong.iter().flat_map(|word| match *word {
                "$" => verb.split(' ').collect(),
                word => vec![word],
            });
            let args: Vec<&str> = words.collect();
            let done = room.run(&args);
            let document = failure(&args, &done, 2);
            assert_eq!(document["verb"], *verb, "{args:?}");
            let next = format!("clusterup {verb} --help");
            assert_eq!(document["error"]["next"], serde_json::json!([next]));
            // Standard error has it as without JSON.
            done.says("error: ");
        }
    }
}

#[test]
fn missing_and_invalid_files_are_reported_in_the_document() {
    let room = Room::new();
    for (args, verb, says) in [
        (
            &["plan"][..],
            Some("plan"),
            "required arguments were not provided: <STACK>",
        ),
        (&["extend", "t"], Some("extend"), "required"),
        (&["prices", "show"], Some("prices show"), "<TYPE>"),
        (&["completions"], Some("completions"), "<SHELL>"),
        (
            &["completions", "dos"],
            Some("completions"),
            "invalid value 'dos'",
        ),
        (&["schema", "job"], Some("schema"), "invalid value 'job'"),
        (
            &["plan", "t", "--sample", "half"],
            Some("plan"),
            "invalid value 'half'",
        ),
        (
            &["plan", "t", "--set", "x"],
            Some("plan"),
            "invalid value 'x'",
        ),
        (
            &["cost", "report", "--csv"],
            Some("cost report"),
            "cannot be used with",
        ),
        (
            &["status", "--local", "--region", "eu-west-1"],
            Some("status"),
            "cannot be used with",
        ),
        (
            &["policy", "check", "t.yaml", "--format=github"],
            Some("policy check"),
            "cannot be used with",
        ),
        (&["aply", "t.yaml"], None, "unrecognized subcommand 'aply'"),
        (
            &["cost", "repot"],
            Some("cost"),
            "unrecognized subcommand 'repot'",
        ),
        (&["cost"], Some("cost"), "a command is missing"),
        (&["watchdog"], Some("watchdog"), "a command is missing"),
        (&["--locl"], None, "unexpected argument '--locl'"),
    ] {
        for json in [&["--output", "json"][..], &["--output=json"]] {
            for args in [[args, json].concat(), [json, args].concat()] {
                let document = failure(&args, &room.run(&args), 2);
                assert_eq!(document["verb"].as_str(), verb, "{args:?}");
                let message = document["error"]["message"].as_str().unwrap();
                assert!(message.contains(says), "{args:?}: {message}");
            }
        }
    }
    // The suggested name.
    for (args, meant) in [
        (["aply", "t.yaml", "--output=json"], "`apply`"),
        (["status", "--locl", "--output=json"], "`--local`"),
        (["completions", "fsh", "--output=json"], "`fish`"),
    ] {
        let document = failure(&args, &room.run(&args), 2);
        assert!(
            document["error"]["hints"].to_string().contains(meant),
            "{document:#}"
        );
    }
}

#[test]
fn an_invalid_command_line_without_json_gives_no_document() {
    let room = Room::new();
    for args in [
        &["plan"][..],
        &["plan", "--output", "jsn"],
        &["plan", "--output", "text"],
        &["ssh", "--no", "--", "--output=json"],
        &["watchdog", "install", "--no", "--", "--output", "json"],
    ] {
        assert_eq!(room.expect(2, args).out, "", "{args:?}");
    }
    for args in [
        &["--help", "--output", "json"][..],
        &["--output=json", "--version"],
        &["--output", "json", "cost", "report", "-h"],
    ] {
        let plain: Vec<&str> = args.iter().copied().filter(|word| !is_json(word)).collect();
        assert_eq!(
            room.expect(0, args).out,
            room.expect(0, &plain).out,
            "{args:?}"
        );
    }
}

fn is_json(word: &str) -> bool {
    word.starts_with("--output") || word == "json"
}

#[test]
fn output_for_editors_and_shells_is_one_document() {
    let room = Room::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let args = ["completions", shell, "--output", "json"];
        let document = document(&args, &room.run(&args), 0);
        let plain = room.expect(0, &["completions", shell]).out;
        assert_eq!(
            document["script"].as_str().unwrap().trim_end(),
            plain.trim_end()
        );
        assert_eq!(
            (&document["verb"], &document["shell"]),
            (&"completions".into(), &shell.into())
        );
    }
    for of in ["stack", "policy"] {
        let done = room.expect(0, &["schema", of, "--output=json"]);
        assert_eq!(done.out, room.expect(0, &["schema", of]).out);
        assert!(serde_json::from_str::<Value>(&done.out).unwrap()["$schema"].is_string());
    }
}

#[test]
fn every_verb_has_the_schema_of_its_document() {
    let room = Room::new();
    for verb in &verbs::all() {
        let args = ["schema", "--output-of", verb.as_str()];
        // What `schema` prints is a schema.
        let code = if *verb == "schema" { 2 } else { 0 };
        let done = room.expect(code, &args);
        if code == 0 {
            let schema: Value = serde_json::from_str(&done.out).unwrap();
            assert_eq!(schema["properties"]["verb"]["const"], *verb);
            assert_eq!(schema["properties"]["format"]["const"], 1);
        }
    }
    let done = room.expect(2, &["schema", "--output-of", "cost repot"]);
    done.says("cost report");
}

/// Command lines with which each verb fails without AWS; `schema`, `completions` and `version` cannot fail.
const FAILING: &[(&str, &[&str])] = &[
    ("init", &["t.yaml"]),
    ("import", &["gone.json"]),
    ("validate", &["gone.yaml"]),
    ("plan", &["bad.yaml", "--local"]),
    (
        "apply",
        &[
            "t.yaml",
            "--local",
            "--sample",
            "5%",
            "--set",
            "job.steps.s.script=gone.py",
        ],
    ),
    ("status", &["never", "--local"]),
    ("logs", &["never", "--local"]),
    ("diagnose", &["never", "--local"]),
    ("summary", &["never", "--local"]),
    ("ui", &["never", "--local"]),
    ("watchdog log", &["--act", "ended"]),
    ("extend", &["never", "--local", "--by", "1h", "--why", "x"]),
    ("adopt", &["j-1ABC", "--local", "--max-lifetime", "4h"]),
    ("ssh", &["t.yaml", "--local"]),
    ("config", &["--poll", "0s"]),
    ("man", &["--dir", "t.yaml"]),
    ("destroy", &["never", "--local"]),
    ("cost estimate", &["gone.yaml"]),
    (
        "cost report",
        &["--local", "--since", "1h", "--until", "2h"],
    ),
    ("simulate", &["--history", "gone.json"]),
    ("prices show", &["m5.huge"]),
    ("prices refresh", &["--region", "us-east-1"]),
    ("budget", &["--local", "--policies", "nowhere"]),
    ("policy check", &["t.yaml", "--format", "sarif"]),
    ("policy test", &["gone.yaml"]),
    ("policy push", &["--policies", "nowhere"]),
    ("watchdog run", &["--local", "--every", "0s"]),
    ("watchdog sweep", &["--local", "--policies", "nowhere"]),
    ("watchdog install", &["--", "--no-such-flag"]),
    ("doctor", &["--region", "us-east-9"]),
];

#[test]
fn every_failing_verb_prints_one_document() {
    let all = verbs::all();
    let rows = FAILING.iter().map(|(verb, _)| *verb);
    let table: Vec<&str> = rows.chain(["schema", "completions", "version"]).collect();
    let missing: Vec<_> = all
        .iter()
        .filter(|verb| !table.contains(&verb.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
    for (verb, args) in FAILING {
        let room = Room::new();
        room.stack("");
        room.write("bad.yaml", "stack: 1\n");
        if *verb == "watchdog log" {
            room.write("state/clusterup/ledger.db/in-the-way", "");
        }
        let words: Vec<&str> = verb.split(' ').chain(["--output", "json"]).collect();
        let args = [&words, *args].concat();
        let mut command = room.command(&args);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        let done = Done::within(command);
        assert!(
            [1, 2].contains(&done.code),
            "{args:?}: {} {}",
            done.code,
            done.err
        );
        let document = failure(&args, &done, done.code);
        assert_eq!(document["verb"], *verb);
    }
}
