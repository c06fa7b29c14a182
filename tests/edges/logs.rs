//! `logs` of files: a folder as EMR uploads it, one log, standard input.

use crate::room::{Done, Room};
use crate::running::Running;
use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

const APP: &str = "containers/application_1700000000000_0001/container_1700000000000_0001_01";

fn packed(text: &str) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
    packing.write_all(text.as_bytes()).unwrap();
    packing.finish().unwrap()
}

/// The logs of a cluster with two steps and two executors.
fn cluster(room: &Room) {
    let master = "26/11/21 04:55:06 INFO YarnAllocator: Launching container \
        container_1700000000000_0001_01_000003 on host ip-10-0-0-1 for executor with ID 7\n";
    let executor = "26/11/21 04:55:08 ERROR Executor: Exception in task 0.0\n\
        java.io.IOException: broken\n\tat a.B.c(B.scala:7)\n\
        26/11/21 04:55:10 INFO Executor: Finished\n";
    for (name, text) in [
        (
            "steps/s-1/stderr",
            "26/11/21 04:55:07 INFO SparkContext: Running\n26/11/21 04:55:09 WARN A: late\n",
        ),
        (
            "steps/s-1/stdout",
            "working\nTraceback (most recent call last):\n  File \"a.py\", line 7, in <module>\nKeyError: 'x'\n",
        ),
        ("steps/s-2/stderr", "26/11/21 04:56:00 INFO A: second\n"),
        (&format!("{APP}_000001/stderr"), master),
        (&format!("{APP}_000003/stderr"), executor),
        (
            &format!("{APP}_000004/stderr"),
            "26/11/21 04:55:08 INFO B: other\n",
        ),
        (
            "node/i-0abcdef/applications/hadoop-yarn/yarn-nodemanager.log",
            "2026-11-21 04:55:08,500 WARN C: disk\n",
        ),
        (
            "node/i-0abcdef/bootstrap-actions/1/stderr",
            "ERROR: No matching distribution\n",
        ),
    ] {
        room.write(&format!("j-1/{name}.gz"), packed(text));
    }
}

fn shown(room: &Room, args: &[&str]) -> Vec<String> {
    let done = room.expect(0, &[&["logs", "./j-1"], args].concat());
    assert_eq!(done.err, "");
    done.out.lines().map(str::to_owned).collect()
}

#[test]
fn a_folder_is_one_stream_in_the_order_of_time() {
    let room = Room::new();
    cluster(&room);
    let expected = [
        "s-1 stdout        working",
        "s-1 stdout        Traceback (most recent call last):",
        "s-1 stdout          File \"a.py\", line 7, in <module>",
        "s-1 stdout        KeyError: 'x'",
        "container 000001  26/11/21 04:55:06 INFO YarnAllocator: Launching container container_1700000000000_0001_01_000003 on host ip-10-0-0-1 for executor with ID 7",
        "s-1 driver        26/11/21 04:55:07 INFO SparkContext: Running",
        "s-1 driver        26/11/21 04:55:09 WARN A: late",
        "s-2 driver        26/11/21 04:56:00 INFO A: second",
    ];
    assert_eq!(shown(&room, &[]), expected);
    let expected = [
        "i-0abc bootstrap 1  ERROR: No matching distribution",
        "s-1 stdout          Traceback (most recent call last):",
        "s-1 stdout            File \"a.py\", line 7, in <module>",
        "s-1 stdout          KeyError: 'x'",
        "container 000003    26/11/21 04:55:08 ERROR Executor: Exception in task 0.0",
        "container 000003    java.io.IOException: broken",
        "container 000003    \tat a.B.c(B.scala:7)",
    ];
    assert_eq!(shown(&room, &["--all", "--errors"]), expected);
    let expected = [
        "container 000003    26/11/21 04:55:08 ERROR Executor: Exception in task 0.0",
        "container 000003    java.io.IOException: broken",
        "container 000003    \tat a.B.c(B.scala:7)",
        "i-0abc nodemanager  2026-11-21 04:55:08,500 WARN C: disk",
    ];
    assert_eq!(shown(&room, &["--all", "--grep", "broken|disk"]), expected);
    assert_eq!(
        shown(&room, &["--step", "s-2"]),
        ["driver  26/11/21 04:56:00 INFO A: second"]
    );
}

#[test]
fn an_executor_is_found_by_its_number_and_its_container() {
    let room = Room::new();
    cluster(&room);
    let expected = "container 000003  26/11/21 04:55:10 INFO Executor: Finished";
    for executor in ["7", "container_1700000000000_0001_01_000003"] {
        let lines = shown(&room, &["--executor", executor]);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert_eq!(lines[3], expected);
    }
    let done = room.expect(2, &["logs", "./j-1", "--executor", "8"]);
    assert!(
        done.err.contains("./j-1 has no logs of executor 8"),
        "{}",
        done.err
    );
    assert!(
        done.err.contains("container_1700000000000_0001_01_000003"),
        "{}",
        done.err
    );
    let done = room.expect(2, &["logs", "./j-1", "--step", "s-3"]);
    assert!(done.err.contains("its steps are s-1, s-2"), "{}", done.err);
}

#[test]
fn one_document_has_the_records_with_their_times() {
    let room = Room::new();
    cluster(&room);
    let found = room.json(&["logs", "./j-1", "--all", "--grep", "broken|disk"]);
    let at = |second: &str| json!(format!("2026-11-21T04:55:{second}"));
    let of = |key: &str| -> Vec<Value> {
        let records = found["records"].as_array().unwrap().iter();
        records.map(|record| record[key].clone()).collect()
    };
    assert_eq!(of("time"), [at("08.000"), at("08.500")]);
    assert_eq!(of("level"), ["error", "warn"]);
    assert_eq!(of("source"), ["container 000003", "i-0abc nodemanager"]);
    assert_eq!(of("log")[0], format!("{APP}_000003/stderr"));
    assert_eq!(found["cut"], false);
    assert_eq!(found["logs"].as_array().unwrap().len(), 8);
}

#[test]
fn one_log_is_shown_from_a_file_or_standard_input() {
    let room = Room::new();
    let hostile = "26/11/21 04:55:07 ERROR A: \x1b[2J\u{202e}b\nnext\n";
    room.write("my.log", hostile);
    room.write("my.gz", packed(hostile));
    for file in ["my.log", "my.gz"] {
        let out = room.expect(0, &["logs", file, "--errors"]).out;
        assert!(!out.contains(['\x1b', '\u{202e}', '\r']), "{out:?}");
        assert!(out.ends_with("  next\n"), "{out:?}");
    }
    let script = "cat my.gz | \"$0\" logs - --grep next";
    let done = Done::piped(room.shell(script, &[]));
    assert_eq!(
        (done.code, done.out.lines().count()),
        (0, 2),
        "{}",
        done.err
    );
    // A reader that has seen enough is no error.
    room.write("long.log", "26/11/21 04:55:07 INFO A: b\n".repeat(20_000));
    let done = Done::piped(room.shell("\"$0\" logs long.log | head -n 1", &[]));
    assert_eq!(
        (done.code, done.out.lines().count()),
        (0, 1),
        "{}",
        done.err
    );
    room.fifo("pipe.log");
    let done = room.expect(0, &["logs", "pipe.log"]);
    assert!(
        done.err.contains("warning: pipe.log cannot be read"),
        "{}",
        done.err
    );
}

#[test]
fn a_log_that_is_cut_off_is_shown_as_far_as_it_goes() {
    let room = Room::new();
    let text = "26/11/21 04:55:07 INFO A: b\n".repeat(2_000);
    let whole = packed(&text);
    room.write("j-1/steps/s-1/stderr.gz", &whole[..whole.len() - 10]);
    room.write(
        "j-1/steps/s-2/stderr.gz",
        packed("26/11/21 04:56:00 INFO A: last"),
    );
    let done = room.expect(0, &["logs", "./j-1"]);
    assert!(done.out.lines().count() > 1_000);
    assert!(
        done.out
            .ends_with("s-2 driver  26/11/21 04:56:00 INFO A: last\n")
    );
    assert!(
        done.err
            .starts_with("warning: steps/s-1/stderr is cut off: "),
        "{}",
        done.err
    );
}

#[test]
fn what_cannot_be_shown_is_refused_with_the_next_step() {
    let room = Room::new();
    cluster(&room);
    room.write("my.log", "text\n");
    room.write("bare/daemons/master.log", "text\n");
    room.write("empty/steps/.keep/x/y", "");
    std::fs::remove_dir_all(room.at("empty/steps/.keep")).unwrap();
    for (args, says) in [
        (
            &["./j-1", "--grep", "("][..],
            "--grep is not a regular expression",
        ),
        (
            &["./j-1", "--follow"],
            "--follow needs a stack or a cluster",
        ),
        (&["./j-1", "--live"], "next: clusterup logs ./j-1\n"),
        (&["-", "--live", "--all"], "--live needs a stack"),
        (&["my.log", "--step", "a"], "leave them out"),
        (&["./bare"], "next: clusterup logs ./bare --all"),
        (&["./bare", "--executor", "1"], "none is there so far"),
        (
            &["j-UNKNOWN", "--local"],
            "there is no cluster j-UNKNOWN on this machine",
        ),
        (
            &["never", "--local", "--follow"],
            "stack never does not exist on this machine",
        ),
        (
            &["./j-1", "--executor", "1", "--all"],
            "cannot be used with",
        ),
    ] {
        let done = room.expect(2, &[&["logs"], args].concat());
        assert!(done.err.contains(says), "{args:?}: {}", done.err);
    }
    let done = room.expect(1, &["logs", "./empty"]);
    assert!(done.err.contains("./empty has no logs"), "{}", done.err);
    assert!(shown(&room, &["--grep", "no such text"]).is_empty());
}

#[test]
fn standard_input_is_shown_as_it_is_written_until_a_signal() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        shows_until(signal);
    }
}

fn shows_until(signal: Signal) {
    let room = Room::new();
    let mut command = room.command(&["logs", "-", "--grep", "broken"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = Running::start(&mut command);
    let mut input = running.stdin.take().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    // The second continues the first, which was shown alone.
    for line in ["26/11/21 04:55:07 ERROR A: broken", "\tat a.B.c(B.scala:7)"] {
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
        let shown = lines.next().unwrap().unwrap();
        assert!(shown.ends_with(line), "{shown}");
    }
    // Nothing is written, and nothing is to be shown.
    let id = running.id().try_into().ok().and_then(Pid::from_raw);
    kill_process(id.unwrap(), signal).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(130));
    assert!(lines.next().is_none());
    drop(input);
}

#[test]
fn a_long_line_has_a_mark_where_it_is_cut_and_a_long_record_in_json_is_one() {
    let room = Room::new();
    let (long, longer) = ("x".repeat(50_000), "y".repeat(100_000));
    let json =
        format!(r#"{{"ts":"2026-11-21T04:55:08Z","level":"ERROR","msg":"{long}","logger":"A"}}"#);
    room.write("long.log", format!("{json}\n{longer}\nnext\n"));
    let out = room.expect(0, &["logs", "long.log"]).out;
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].ends_with(&format!("2026-11-21T04:55:08Z ERROR A: {long}")));
    assert!(lines[1].ends_with("yy…") && lines[2].ends_with("next"));
}
