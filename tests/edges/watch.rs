//! `status --watch` without a terminal: it writes lines, reads no keys, and ends with a signal.

use crate::room::Room;
use crate::running::Running;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn watching_in_a_pipe_ends_with_a_signal() {
    let room = Room::new();
    let mut command = room.command(&["status", "--local", "--watch"]);
    let mut running = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut err = BufReader::new(running.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert_eq!(line, "no stacks on this machine\n");
    let id = running.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    line.clear();
    err.read_line(&mut line).unwrap();
    assert_eq!(line, "", "nothing is said twice");
}

#[test]
fn watching_is_not_one_document_and_adopted_clusters_have_no_stack() {
    let room = Room::new();
    let done = room.run(&["status", "--local", "--watch", "--output", "json"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(
        done.err.contains("cannot be used with --watch"),
        "{}",
        done.err
    );
    let done = room.run(&["status", "j-1ABCDEFGHIJKL", "--local", "--watch"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("leave --watch out"), "{}", done.err);
}

#[test]
fn an_unknown_stack_is_not_watched() {
    let room = Room::new();
    let done = room.run(&["status", "tpyo", "--local", "--watch"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(
        done.err.contains("stack tpyo does not exist"),
        "{}",
        done.err
    );
}

#[test]
fn a_place_for_notices_is_checked_before_anything_happens() {
    let room = Room::new();
    let stack = room.stack("");
    let stack = stack.to_str().unwrap();
    let done = room.run(&[
        "apply",
        stack,
        "--local",
        "--yes",
        "--notify",
        "ftp://secret",
    ]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("destination is unknown"), "{}", done.err);
    assert!(!room.at("state/clusterup/local").exists());
}
