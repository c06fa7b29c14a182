//! Names are completed in real shells. A shell that is not installed is left out, and this says so.
#![expect(clippy::print_stderr, reason = "what is not tested is said")]

use crate::everyday::living;
use crate::room::{Done, Room};
use clusterup::model::observed::ClusterState;
use std::process::Command;
use std::time::{Duration, Instant};

/// A shell, and the script that completes one command line, a candidate per line.
const SHELLS: &[(&str, &[&str], &str)] = &[
    (
        "bash",
        &["--norc", "-c"],
        r#"eval "$(clusterup completions bash)"
           COMP_WORDS=(@WORDS@); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_TYPE=9
           _clap_complete_clusterup clusterup "${COMP_WORDS[COMP_CWORD]}" previous
           printf '%s\n' "${COMPREPLY[@]}""#,
    ),
    (
        "zsh",
        &["-f", "-c"],
        r#"compdef() { :; }
           _describe() { local name=${@[3]}; print -l -- ${(P)name}; }
           eval "$(clusterup completions zsh)"
           words=(@WORDS@); CURRENT=${#words}
           _clap_dynamic_completer_clusterup | sed 's/:.*//'"#,
    ),
    (
        "fish",
        &["--no-config", "-c"],
        r#"clusterup completions fish | source
           complete -C "@LINE@" | string replace -r '\t.*' ''"#,
    ),
];

/// Longer than a completion may take, with other tests beside it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A command line that is typed, and what is offered.
const TYPED: &[(&str, &str, &str)] = &[
    ("plan", "t", "t.yaml"),
    ("up", "stacks/o", "stacks/other.yaml"),
    ("logs t.yaml --step", "lo", "load"),
    ("logs other --step", "s", "sum"),
    ("destroy", "mov", "movies"),
    ("status", "j-", "j-1ABC"),
    ("adopt", "j-", "j-1ABC"),
    ("prices show m5.xlarge --region", "eu-west-1", "eu-west-1"),
    ("watchdog", "sw", "sweep"),
];

fn room() -> Room {
    let room = Room::new();
    let job = |name: &str| format!("job: {{ steps: [{{ name: {name}, script: job.py }}] }}\n");
    let stack = |name: &str, step: &str| {
        format!(
            "stack: {name}\nregion: us-east-1\n\
             cluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n{}",
            job(step)
        )
    };
    room.write("t.yaml", stack("t", "load"));
    room.write("stacks/other.yaml", stack("other", "sum"));
    room.write("notes.yaml", "notes: 1\n");
    living(&room, "j-1ABC", ClusterState::Running);
    room
}

/// Runs a shell in the room, with the program on its path.
fn shell(room: &Room, (name, flags, script): (&str, &[&str], &str), typed: &str) -> Done {
    let quoted = typed
        .strip_suffix(' ')
        .map_or(typed.to_owned(), |words| format!("{words} ''"));
    let script = script.replace("@WORDS@", &quoted).replace("@LINE@", typed);
    let like = room.command(&[]);
    let folder = std::path::Path::new(like.get_program()).parent().unwrap();
    let rest = "/usr/local/bin:/usr/bin:/bin";
    let path = format!("{}:{rest}", folder.display());
    let mut command = crate::faults::like_it(&like, Command::new(name));
    command.args(flags).arg(script).env("PATH", path);
    Done::within(command)
}

fn is_installed(name: &str) -> bool {
    let found = Command::new(name).arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: completions of {name}, which is not installed");
    }
    found
}

#[test]
fn shells_complete_stacks_steps_clusters_and_regions() {
    let room = room();
    for one in SHELLS.iter().filter(|(name, ..)| is_installed(name)) {
        for (before, typed, offered) in TYPED {
            let begun = Instant::now();
            let done = shell(&room, *one, &format!("clusterup {before} {typed}"));
            let took = begun.elapsed();
            let lines: Vec<&str> = done.out.lines().map(str::trim_end).collect();
            assert!(
                lines.contains(offered),
                "{} {before} {typed}: {lines:?} {}",
                one.0,
                done.err
            );
            assert!(!lines.contains(&"notes.yaml"), "{lines:?}");
            assert!(took < PATIENCE, "{} took {took:?}", one.0);
            eprintln!("{}: {before} {typed}: {} ms", one.0, took.as_millis());
        }
    }
    assert!(room.at("state/clusterup/ledger.db").exists());
}

#[test]
fn a_completion_changes_nothing_and_needs_no_records() {
    let room = Room::new();
    room.write("state/clusterup/ledger.db", "no database");
    let before = crate::room::tree(&room.at("state"));
    let mut command = room.command(&["--", "clusterup", "status", ""]);
    command.env("CLUSTERUP_COMPLETE", "fish");
    let done = Done::within(command);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(crate::room::tree(&room.at("state")), before);
}

#[test]
fn manual_pages_are_written_for_each_command() {
    let room = Room::new();
    let page = room.expect(0, &["man"]).out;
    assert!(page.contains(".TH clusterup 1"), "{page}");
    room.expect(0, &["man", "--dir", "pages"]);
    for verb in crate::verbs::all() {
        let page = format!("pages/clusterup-{}.1", verb.replace(' ', "-"));
        assert!(room.at(&page).exists(), "{page}");
    }
    assert!(!room.at("pages/clusterup-leash.1").exists());
    let files = room.json(&["man", "--dir", "pages"])["files"].clone();
    assert!(files.as_array().unwrap().len() > 30, "{files}");
}
