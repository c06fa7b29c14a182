//! Paths and files that lead elsewhere, have no end, or block: none is followed or read.

use crate::room::Room;
use crate::row::{Kind, Never, Row, table};
use clusterup::disk;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

pub(crate) fn rows() -> Vec<Row> {
    [
        table(
            Kind::Paths,
            Never::Read,
            links_to,
            &[
                ("a result that is a link out", "@/others/secret"),
                ("a result that is a link up", "../../../../../others/secret"),
                ("a result that is a link to passwords", "/etc/passwd"),
                ("a result that is a link to a folder", "@/others"),
                ("a result that is a link to a device", "/dev/zero"),
                (
                    "a result that is a link to the kernel's view",
                    "/proc/self/environ",
                ),
                ("a result that is a link to itself", "x"),
                ("a result that is a link to nothing", "nowhere"),
            ],
        ),
        table(
            Kind::Paths,
            Never::Read,
            is_no_result,
            &[
                ("a result that is a FIFO", "fifo"),
                ("a result that is a socket", "socket"),
            ],
        ),
        table(
            Kind::Paths,
            Never::Lost,
            is_a_link_at_home,
            &[
                ("an earlier result that is a link by now", "similar"),
                ("an earlier result that is a link to nothing", "nothing"),
                ("what is not whole is a link", ".clusterup.partial.0"),
                ("what is kept is a link", ".clusterup.kept.1"),
            ],
        ),
        table(
            Kind::Paths,
            Never::Read,
            is_no_file,
            &[
                ("a device without end", "/dev/zero"),
                ("a device of chance", "/dev/urandom"),
                ("a terminal", "/dev/tty"),
                ("the kernel's messages", "/proc/kmsg"),
                ("a process's environment", "/proc/self/environ"),
                ("a folder", "@/others"),
                ("a FIFO", "@/fifo"),
                ("a socket", "@/socket"),
                ("a link to a device", "@/zero"),
                ("a hole of a terabyte", "@/hole"),
            ],
        ),
        table(
            Kind::Paths,
            Never::Read,
            is_no_stack,
            &[
                ("a stack that is a device", "/dev/zero"),
                ("a stack that is a FIFO", "@/fifo"),
                ("a stack that is a folder", "@/others"),
                ("a stack of one line without end", "@/line"),
                ("a stack that is a hole", "@/hole"),
            ],
        ),
    ]
    .concat()
}

/// A room with files of all the bad kinds.
fn strange() -> (Room, UnixListener) {
    let room = Room::new();
    Room::fifo(&room.at("fifo"));
    let socket = UnixListener::bind(room.at("socket")).unwrap();
    symlink("/dev/zero", room.at("zero")).unwrap();
    let hole = fs::File::create(room.at("hole")).unwrap();
    hole.set_len(1 << 40).unwrap();
    room.write("line", &format!("stack: {}", "x".repeat(1 << 20)));
    (room, socket)
}

fn links_to(target: &str) {
    let room = Room::new();
    for name in ["x", "similar/x"] {
        symlink(room.text(target), room.bucket().join(name)).unwrap();
    }
    room.bring(2).unwrap();
    room.nothing_is_lost();
    room.nothing_is_read();
    for name in ["home/x", "home/similar/x"] {
        assert!(fs::symlink_metadata(room.at(name)).is_err(), "{name}");
    }
}

fn is_no_result(kind: &str) {
    let room = Room::new();
    let place = room.bucket().join("similar/x");
    let _socket = match kind {
        "fifo" => {
            Room::fifo(&place);
            None
        }
        _ => Some(UnixListener::bind(&place).unwrap()),
    };
    room.bring(2).unwrap();
    room.nothing_is_lost();
    assert!(fs::symlink_metadata(room.at("home/similar/x")).is_err());
}

fn is_a_link_at_home(name: &str) {
    let room = Room::new();
    let (name, target) = match name {
        "nothing" => ("similar", "others/nothing"),
        name => (name, "others"),
    };
    let _ = fs::remove_dir_all(room.at("home").join(name));
    symlink(room.at(target), room.at("home").join(name)).unwrap();
    // What was brought there is another by now, so that it is kept where it can be.
    room.bring(2).unwrap();
    room.nothing_is_lost();
    assert!(!room.at("others/nothing").exists());
    assert_eq!(fs::read_dir(room.at("others")).unwrap().count(), 2);
}

fn is_no_file(path: &str) {
    let (room, _socket) = strange();
    let path = room.text(path);
    assert!(disk::bytes(path.as_ref(), disk::RECORD).is_err(), "{path}");
}

fn is_no_stack(path: &str) {
    let (room, _socket) = strange();
    let path = room.text(path);
    // With little time and memory: what waits or is read whole does not end well.
    let done = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 2000000; exec timeout 20 \"$0\" validate \"$1\"",
        ])
        .args([env!("CARGO_BIN_EXE_clusterup"), &path])
        .env("HOME", room.at("user"))
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{message}");
    assert!(message.len() < 10_000, "its line is not all shown");
}
