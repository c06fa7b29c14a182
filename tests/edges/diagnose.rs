//! `diagnose` of files: a folder as EMR uploads it, one log, standard input.

use crate::room::Room;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write;

const TRACEBACK: &str = "Traceback (most recent call last):\n  File \"/mnt/tmp/two.py\", line 7, in \
    <module>\n    table[\"sorce\"]\nKeyError: 'sorce'\n";

fn packed(text: &str) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
    packing.write_all(text.as_bytes()).unwrap();
    packing.finish().unwrap()
}

/// The logs of a cluster of which the second step failed.
fn cluster(room: &Room, folder: &str) {
    let controller =
        |code: u32| format!("INFO Step ended with exitCode {code} and took 9 seconds\n");
    let log = "26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.1\n";
    for (name, text) in [
        ("steps/s-1/controller", controller(0).as_str()),
        ("steps/s-1/stderr", log),
        ("steps/s-2/controller", &controller(1)),
        ("steps/s-2/stderr", log),
        ("steps/s-2/stdout", TRACEBACK),
    ] {
        room.write(&format!("{folder}/{name}.gz"), packed(text));
    }
}

fn document(room: &Room, args: &[&str]) -> Value {
    let out = room.expect(0, &[args, &["--output", "json"]].concat()).out;
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_folder_of_logs_is_diagnosed_by_the_step_that_failed() {
    let room = Room::new();
    cluster(&room, "j-1/j-ABC");
    for folder in ["j-1/j-ABC", "./j-1", "j-1/j-ABC/"] {
        let found = document(&room, &["diagnose", folder]);
        assert_eq!(found["what"], "step s-2", "{folder}: {found:#}");
        let diagnosis = found["diagnosis"].to_string();
        assert!(
            diagnosis.contains("KeyError: 'sorce'"),
            "{folder}: {found:#}"
        );
    }
    let shown = room
        .expect(0, &["diagnose", "j-1/j-ABC", "--step", "s-2"])
        .out;
    assert!(shown.contains("steps/s-2/stdout"), "{shown}");
    let wrong = room
        .expect(2, &["diagnose", "j-1/j-ABC", "--step", "s-3"])
        .err;
    assert!(wrong.contains("s-1, s-2"), "{wrong}");
    room.write("empty/x", "");
    let empty = room.expect(2, &["diagnose", "./empty"]).err;
    assert!(empty.contains("has no logs"), "{empty}");
}

#[test]
fn one_log_is_diagnosed_from_a_file_or_standard_input() {
    let room = Room::new();
    room.write("stdout.gz", packed(TRACEBACK));
    room.write("my.log", TRACEBACK);
    for file in ["stdout.gz", "my.log"] {
        let found = document(&room, &["diagnose", file]);
        assert!(
            found["diagnosis"].to_string().contains("KeyError"),
            "{found:#}"
        );
    }
    let script = "cat my.log | \"$0\" diagnose -";
    let piped = room.shell(script, &[]).output().unwrap();
    let out = String::from_utf8_lossy(&piped.stdout);
    assert!(piped.status.success() && out.contains("KeyError"), "{out}");
    room.write("nothing.log", "\n");
    let empty = room.expect(2, &["diagnose", "nothing.log"]).err;
    assert!(empty.contains("is empty"), "{empty}");
    room.fifo("pipe.log");
    room.expect(2, &["diagnose", "pipe.log"]);
    room.expect(2, &["diagnose", "no.log"]);
}
