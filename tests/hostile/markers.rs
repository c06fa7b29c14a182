//! Markers in the results folder that somebody else wrote: the files that they name are not
//! removed.

use crate::room::Room;
use crate::row::{Kind, Never, Row, table};
use std::fs;
use std::os::unix::fs::symlink;

const MARKER: &str = "home/.clusterup.json";

pub(crate) fn rows() -> Vec<Row> {
    let deep = "[".repeat(100_000);
    let long = format!("{{\"entries\":[\"{}", "x".repeat(17 << 20));
    let other = marker("u", &["similar", "mine.txt"]);
    let twice = marker("t", &["mine.txt", "mine.txt", "similar"]);
    [
        table(
            Kind::Markers,
            Never::Lost,
            lists,
            &[
                ("an absolute folder", "@/others"),
                ("an absolute file", "@/others/thesis.tex"),
                ("a folder above", "../others"),
                ("the folder above", ".."),
                ("the folder itself", "."),
                ("no name", ""),
                ("the root", "/"),
                ("up from below", "similar/../../others"),
                ("a path within", "notes/a.txt"),
                ("a NUL", "mine.txt\0"),
                ("itself", ".clusterup.json"),
                ("itself in capitals", ".CLUSTERUP.JSON"),
                ("what is kept", ".clusterup.kept.1"),
                ("a file of the user's", "mine.txt"),
                ("a folder of the user's", "notes"),
                ("a name of two lines", "mine\n.txt"),
                ("a name that turns around", "mine\u{202e}.txt"),
            ],
        ),
        table(
            Kind::Markers,
            Never::Lost,
            replaces,
            &[
                ("a file that the job writes too", "mine.txt"),
                ("a folder that the job writes too", "notes"),
            ],
        ),
        table(
            Kind::Markers,
            Never::Lost,
            is,
            &[
                ("of another stack", other),
                ("one name twice", twice),
                ("nested without end", deep),
                ("of 17 MiB", long),
                ("null", "null".to_owned()),
                ("nothing", String::new()),
            ],
        ),
        table(
            Kind::Markers,
            Never::Lost,
            leads_to,
            &[
                ("a link to a file", "@/others/thesis.tex"),
                ("a link to a missing file", "@/others/new"),
                ("a link to a device", "/dev/zero"),
            ],
        ),
        table(
            Kind::Markers,
            Never::Lost,
            is_no_file,
            &[("a FIFO", "fifo"), ("a folder", "folder")],
        ),
        table(
            Kind::Markers,
            Never::Lost,
            written_by_the_job,
            &[
                ("the job's own", ".clusterup.json"),
                ("the job's own in capitals", ".ClusterUp.JSON"),
                ("of what is not whole, by the job", ".clusterup.partial.0"),
            ],
        ),
    ]
    .concat()
}

fn marker(stack: &str, entries: &[&str]) -> String {
    let run = serde_json::json!({ "job": "0123456789abcdef", "cluster": "local-0", "number": 1 });
    serde_json::json!({ "stack": stack, "run": run, "entries": entries }).to_string()
}

/// Brings results twice; whether they come or not, nothing is lost.
fn brings(room: &Room) {
    for number in [2, 3] {
        let brought = room.bring(number);
        room.nothing_is_lost();
        if let Err(error) = brought {
            assert!(!error.hints.is_empty(), "{}", error.message);
        }
    }
}

fn lists(entry: &str) {
    let room = Room::new();
    // Also what is called so is the user's own.
    if !entry.is_empty() && !entry.contains(['/', '\0', '@']) && !entry.starts_with('.') {
        let _ = fs::write(room.at("home").join(entry), "precious");
    }
    let before = room.outside();
    room.write(MARKER, &marker("t", &["similar", &room.text(entry)]));
    brings(&room);
    unchanged(&room, &before);
    if entry.starts_with("mine") && !entry.contains('\0') {
        let own = fs::read_to_string(room.at("home").join(entry));
        assert_eq!(own.unwrap(), "precious");
    }
}

/// Nothing outside of the home is another, but for what clusterup remembers of it.
fn unchanged(room: &Room, before: &[(std::path::PathBuf, Vec<u8>)]) {
    let ours = room.at("results");
    let others = |all: &[(std::path::PathBuf, Vec<u8>)]| -> Vec<_> {
        let others = all.iter().filter(|(path, _)| !path.starts_with(&ours));
        others.cloned().collect()
    };
    assert_eq!(others(&room.outside()), others(before));
}

fn replaces(entry: &str) {
    let room = Room::new();
    room.write(MARKER, &marker("t", &["similar", entry]));
    room.writes(&format!("{entry}/new"), "new");
    brings(&room);
}

fn is(text: &str) {
    let room = Room::new();
    room.write(MARKER, text);
    brings(&room);
}

fn leads_to(target: &str) {
    let room = Room::new();
    fs::write(room.at("others/forged.json"), marker("t", &["mine.txt"])).unwrap();
    fs::remove_file(room.at(MARKER)).unwrap();
    symlink(room.text(target), room.at(MARKER)).unwrap();
    brings(&room);
    assert!(!room.at("others/new").exists());
}

fn is_no_file(kind: &str) {
    let room = Room::new();
    fs::remove_file(room.at(MARKER)).unwrap();
    match kind {
        "fifo" => Room::fifo(&room.at(MARKER)),
        _ => fs::create_dir(room.at(MARKER)).unwrap(),
    }
    brings(&room);
}

fn written_by_the_job(name: &str) {
    let room = Room::new();
    room.writes(name, &marker("t", &["mine.txt", "notes"]));
    room.bring(2).unwrap();
    room.bring(3).unwrap();
    room.nothing_is_lost();
    let read = fs::read_to_string(room.at(MARKER)).unwrap();
    assert!(!read.contains("mine.txt"), "{read}");
}
