//! Standard output that cannot be written: only a reader that has closed the pipe is no error.

use crate::room::{Done, Room};
use std::fs::File;
use std::process::Stdio;

/// Every verb that works without AWS and without a runtime, as text and otherwise.
const LINES: &[&[&str]] = &[
    &["--help"],
    &["--version"],
    &["help", "apply"],
    &[],
    &["version"],
    &["version", "--output", "json"],
    &["cost", "report", "--help"],
    &["validate", "t.yaml"],
    &["validate", "t.yaml", "--output", "json"],
    &["plan", "t.yaml", "--local"],
    &["plan", "t.yaml", "--local", "--output", "json"],
    &["status", "--local"],
    &["status", "--local", "--output", "json"],
    &["destroy", "t.yaml", "--local", "--yes"],
    &["destroy", "t.yaml", "--local", "--yes", "--output", "json"],
    &["cost", "estimate", "t.yaml"],
    &["cost", "estimate", "t.yaml", "--output", "json"],
    &["cost", "report", "--local"],
    &["cost", "report", "--local", "--csv"],
    &["cost", "report", "--local", "--output", "json"],
    &["prices", "show", "m5.xlarge", "--region", "us-east-1"],
    &[
        "prices",
        "show",
        "m5.xlarge",
        "--region",
        "us-east-1",
        "--output",
        "json",
    ],
    &["policy", "check", "t.yaml"],
    &["policy", "check", "t.yaml", "--format", "sarif"],
    &["policy", "check", "t.yaml", "--format", "github"],
    &["policy", "check", "t.yaml", "--output", "json"],
    &["policy", "test"],
    &["watchdog", "log"],
    &["watchdog", "log", "--output", "json"],
    &["schema"],
    &["schema", "policy"],
    &["completions", "bash"],
    &["completions", "zsh"],
    &["config"],
    &["man"],
    &["init", "NEW"],
    &["init", "NEW", "--output", "json"],
];

fn room() -> Room {
    let room = Room::new();
    room.stack("");
    room.write("policies/p.yaml", "policy: p\n");
    let example = "examples:\n  - { name: e, stack: ../../t.yaml, expect: allow }\n";
    room.write("policies/tests/e.yaml", example);
    room
}

/// A run with this standard output.
fn run(room: &Room, line: &[&str], number: usize, out: Stdio) -> Done {
    let new = format!("new-{number}.yaml");
    let named = |word: &&str| word.replace("NEW", &new);
    let line: Vec<String> = line.iter().map(named).collect();
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let mut command = room.command(&line);
    command.stdout(out);
    Done::into_its_own(command)
}

#[test]
fn an_output_that_cannot_be_written_is_a_failure() {
    let room = room();
    let mut wrong = Vec::new();
    for (number, line) in LINES.iter().enumerate() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let done = run(&room, line, number, full.into());
        let says = "standard output cannot be written: No space left on device";
        if done.code != 1 || !done.err.contains(says) {
            wrong.push(format!("{line:?}: {} {}", done.code, done.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let room = room();
    for (number, line) in LINES.iter().enumerate() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let done = run(&room, line, 100 + number, writer.into());
        assert_eq!(done.code, 0, "{line:?}: {}", done.err);
        assert!(
            !done.err.contains("standard output"),
            "{line:?}: {}",
            done.err
        );
    }
}

#[test]
fn a_failure_keeps_its_exit_code_and_files_that_were_written_stay() {
    let room = room();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for (line, code) in [
        (vec!["validate", "gone.yaml", "--output", "json"], 2),
        (vec!["nonsense"], 2),
        (vec!["logs", "t", "--local", "--output", "json"], 2),
    ] {
        let done = run(&room, &line, 0, full().into());
        assert_eq!(done.code, code, "{line:?}: {}", done.err);
    }
    run(&room, &["init", "kept.yaml"], 0, full().into());
    room.write("job.py", "");
    room.expect(0, &["validate", "kept.yaml"]);
}
