//! Every file that a user names: only regular files are read, without blocking, up to a limit.

use crate::room::{Done, Room};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

/// Files that are not regular, by a path in the room, and the message about them.
fn strange(room: &Room) -> Vec<(String, &'static str)> {
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    symlink("/dev/zero", room.at("link.yaml")).unwrap();
    let pipe = text(room.fifo("pipe.yaml"));
    drop(UnixListener::bind(room.at("socket.yaml")).unwrap());
    let socket = text(room.at("socket.yaml"));
    fs::create_dir(room.at("folder.yaml")).unwrap();
    vec![
        ("/dev/zero".to_owned(), "it is a device"),
        ("/dev/urandom".to_owned(), "it is a device"),
        (text(room.at("link.yaml")), "it is a device"),
        (pipe, "it is a pipe"),
        (socket, "it is a socket"),
        (text(room.at("folder.yaml")), "is a folder"),
        (
            "/proc/self/environ".to_owned(),
            "it is a view of the kernel's",
        ),
    ]
}

/// With little memory, so that reading a large file whole would fail.
fn frugal(room: &Room, args: &[&str]) -> Done {
    Done::within(room.shell("ulimit -v 2000000; exec \"$0\" \"$@\"", args))
}

#[test]
fn a_stack_has_to_be_a_regular_file_of_limited_length() {
    let room = Room::new();
    room.stack("");
    for (path, says) in strange(&room) {
        for verb in ["validate", "plan"] {
            let done = frugal(&room, &[verb, &path]);
            assert_eq!(done.code, 2, "{verb} {path}: {}", done.err);
            done.says(says).says(&path);
        }
        let priced = frugal(&room, &["cost", "estimate", "t.yaml", "--compare", &path]);
        assert_eq!(priced.code, 2, "{path}: {}", priced.err);
        priced.says(says);
    }
}

#[test]
fn a_text_that_is_too_long_is_not_read() {
    let room = Room::new();
    let line = |bytes: usize| format!("#{}\nstack: x\n", "x".repeat(bytes));
    room.write("long.yaml", line(100_000_000));
    room.write("longer-by-one.yaml", "#".repeat(256 * 1024 + 1));
    room.write("hole.yaml", "stack: x\n");
    let hole = fs::File::options()
        .write(true)
        .open(room.at("hole.yaml"))
        .unwrap();
    hole.set_len(1 << 40).unwrap();
    for name in ["long.yaml", "longer-by-one.yaml", "hole.yaml"] {
        let done = frugal(&room, &["validate", name]);
        assert_eq!(done.code, 2, "{name}: {}", done.err);
        done.says("longer than 256 KiB");
    }
    // A text within the limit is answered as quickly, and its line is shortened.
    for text in [
        line(200_000),
        format!("stack: {}\n", "x".repeat(200_000)),
        "[".repeat(200_000),
    ] {
        room.write("wide.yaml", text);
        let done = room.expect(2, &["validate", "wide.yaml"]);
        assert!(done.err.len() < 300_000, "{}", done.err.len());
    }
}

#[test]
fn policies_and_examples_have_to_be_regular_files() {
    for name in ["policies/a.yaml", "policies/a.YML"] {
        let room = Room::new();
        room.stack("");
        room.write("policies/z.yaml", "policy: z\n");
        room.fifo(name);
        for args in [["policy", "check", "t.yaml"], ["plan", "t.yaml", "--local"]] {
            let done = room.expect(2, &args);
            done.says(name)
                .says("it is a pipe")
                .says("nothing is admitted");
        }
    }
    let room = Room::new();
    room.stack("");
    room.write("policies/z.yaml", "policy: z\n");
    for (path, says) in strange(&room) {
        frugal(&room, &["policy", "test", &path]).says(says);
        fs::create_dir_all(room.at("other")).unwrap();
        let link = room.at("other/p.yaml");
        let _ = fs::remove_file(&link);
        symlink(&path, &link).unwrap();
        let done = frugal(&room, &["policy", "check", "t.yaml", "--policies", "other"]);
        assert_eq!(done.code, 2, "{path}: {}", done.err);
        // A folder of that name has no policies.
        let folder = says.contains("folder");
        done.says(if folder { "contains no policies" } else { says });
    }
}

#[test]
fn data_scripts_and_keys_have_to_be_regular_files() {
    let room = Room::new();
    let own = "key_pairs: [{ name: k, public_key: k.pub }]\n";
    room.stack(&format!("data: {{ d: {{ path: d.csv }} }}\n{own}"));
    room.write("d.csv", "1\n");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ\n";
    room.write("k.pub", key);
    room.expect(0, &["plan", "t.yaml", "--local"]);
    for (path, says) in strange(&room) {
        for (place, named) in [
            ("data.d.path", "data.d"),
            ("job.steps.s.script", "the script of step \"s\""),
            ("key_pairs.k.public_key", "the public key"),
        ] {
            let set = format!("{place}={path}");
            let done = frugal(&room, &["plan", "t.yaml", "--local", "--set", &set]);
            assert_eq!(done.code, 2, "{set}: {}", done.err);
            // A folder is detected before anything is opened, and named as in the stack.
            let named = if says == "is a folder" { place } else { named };
            done.says(named).says(says).says(&path);
        }
    }
    // The kernel's log looks like a regular file, but reading it waits for the next message.
    for waits in ["/proc/kmsg", "/sys/kernel/tracing/trace_pipe"] {
        let set = format!("data.d.path={waits}");
        let done = room.run(&["plan", "t.yaml", "--local", "--set", &set]);
        assert!(done.code == 2 || done.code == 1, "{waits}: {}", done.err);
        done.says("data.d");
    }
    // Data may be large.
    let file = fs::File::create(room.at("d.csv")).unwrap();
    file.set_len(300 << 20).unwrap();
    let done = frugal(&room, &["plan", "t.yaml", "--local"]);
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn clusterups_own_files_are_read_as_carefully() {
    let room = Room::new();
    room.stack("");
    room.write("cache/clusterup/prices/keep", "");
    for (path, says) in strange(&room) {
        let prices = room.at("cache/clusterup/prices/us-east-1.txt");
        let _ = fs::remove_file(&prices);
        symlink(&path, &prices).unwrap();
        let done = frugal(&room, &["cost", "estimate", "t.yaml"]);
        assert_eq!(done.code, 0, "{path}: {}", done.err);
        done.says("ignoring the prices").says(says);
        fs::create_dir_all(room.at("state/clusterup")).unwrap();
        for file in ["ledger.db", "ledger.db-wal"] {
            let ledger = room.at("state/clusterup").join(file);
            symlink(&path, &ledger).unwrap();
            let done = frugal(&room, &["cost", "report", "--local"]);
            assert_eq!(done.code, 1, "{file} {path}: {}", done.err);
            done.says("ledger").says(says);
            fs::remove_file(&ledger).unwrap();
            let _ = fs::remove_file(room.at("state/clusterup/ledger.db"));
        }
    }
}

#[test]
fn results_that_are_not_regular_files_are_not_shown() {
    // A table that is a pipe would block the end of an `apply`: `tables` reads them, and
    // `local_results` their marker.
    let room = Room::new();
    room.stack("");
    let text = fs::read_to_string(room.at("t.yaml")).unwrap();
    room.write("t.yaml", text.replace("job: {", "job: { results: out, "));
    room.fifo("out/.clusterup.json");
    room.expect(2, &["plan", "t.yaml", "--local"]);
}

#[test]
fn invalid_files_are_reported_with_their_path() {
    let room = Room::new();
    let good = "stack: s\nregion: us-east-1\ncluster: { release: emr-7.x, size: 1 x m5.xlarge }\n";
    let nbsp = |from: &str, to: &str| good.replace(from, to);
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(good.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    // What replaces which file, its path then, and how the message names it.
    let swapped = [
        (": ", ":\u{a0} ", "1:7", "a no-break space (U+00A0)"),
        ("cluster: ", "cluster:\u{a0}", "3:9", "a no-break space"),
        ("region", "\u{a0}region", "2:1", "a no-break space"),
        (
            "region",
            "\u{200b}region",
            "2:1",
            "a zero-width space (U+200B)",
        ),
        ("us-east", "us-\u{200b}east", "2:12", "a zero-width space"),
        ("size", "\u{2060}size", "3:30", "a word joiner"),
        (" 1 x", "\u{3000}1 x", "3:35", "an ideographic space"),
        (
            "region",
            "\u{61c}region",
            "2:1",
            "a mark for the direction of writing",
        ),
        ("us-east", "us-\u{3164}east", "2:12", "an invisible filler"),
        (
            "region: ",
            "region:\u{c}",
            "2:8",
            "a control character (U+000C)",
        ),
        ("us-east", "us-\u{7f}east", "2:12", "a control character"),
        (
            "us-east-1",
            "\"us-east\u{200b}-1\"",
            "2:9",
            "it contains a zero-width space",
        ),
    ];
    let swapped = swapped.map(|(from, to, at, says)| (nbsp(from, to).into_bytes(), at, says));
    let latin = nbsp("stack: s", "stack: s # caf").into_bytes();
    let latin = latin
        .iter()
        .map(|b| if *b == b'#' { 0xe9 } else { *b })
        .collect();
    let coded = [
        (utf16, "1:1", "the file is in UTF-16"),
        (latin, "1:10", "the byte 0xE9 is not UTF-8"),
    ];
    for (text, place, says) in swapped.into_iter().chain(coded) {
        room.write("x.yaml", &text);
        let done = room.expect(2, &["validate", "x.yaml"]);
        done.says(says)
            .says(&format!("x.yaml:{place}"))
            .says("1 mistake in x.yaml")
            .says("help:");
    }
    // Here it is intended, or does no harm.
    for text in [
        format!("\u{feff}{good}"),
        format!("{good}# caf\u{e9}\u{a0}au lait\u{200b}\n"),
    ] {
        room.write("x.yaml", text);
        room.expect(0, &["validate", "x.yaml"]);
    }
}
