//! A full disk, folders that cannot be written and folders that are not there: each verb with its
//! exit code and its words, nothing half done, and all is well once the disk is.

use crate::room::{Done, Room, tree};
use std::process::Command;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ill {
    /// No file can have a byte, for anybody: `ulimit -f 0`.
    NoBytes,
    /// A tiny file system without a free block holds state and cache.
    Full,
    /// The same, and it cannot be written.
    ReadOnly,
    /// The folder that holds the state is not there, and cannot be made.
    NoState,
    /// A file lies where the state's folder should be.
    StateIsFile,
    NoCache,
    CacheIsFile,
}

use Ill::{CacheIsFile, Full, NoBytes, NoCache, NoState, ReadOnly, StateIsFile};

const ALL: [Ill; 7] = [
    NoBytes,
    Full,
    ReadOnly,
    NoState,
    StateIsFile,
    NoCache,
    CacheIsFile,
];

/// Verbs, and the exit code of each illness in the order of `ALL`.
const TABLE: &[(&[&str], [i32; 7])] = &[
    (&["validate", "t.yaml"], [0; 7]),
    (&["schema"], [0; 7]),
    (&["completions", "fish"], [0; 7]),
    (&["policy", "check", "t.yaml"], [0; 7]),
    (&["cost", "estimate", "t.yaml"], [0; 7]),
    (
        &["prices", "show", "m5.xlarge", "--region", "us-east-1"],
        [0; 7],
    ),
    (&["plan", "t.yaml", "--local"], [0, 0, 0, 0, 1, 0, 0]),
    (&["status", "--local"], [0, 0, 0, 0, 1, 0, 0]),
    (&["status", "t.yaml", "--local"], [0, 0, 0, 0, 1, 0, 0]),
    (&["logs", "t", "--local"], [2, 2, 2, 2, 1, 2, 2]),
    (&["apply", "t.yaml", "--local", "--yes"], [1; 7]),
    (
        &["destroy", "t.yaml", "--local", "--yes"],
        [0, 0, 0, 0, 1, 0, 0],
    ),
    (&["cost", "report", "--local"], [1, 1, 1, 1, 1, 0, 0]),
    (&["log"], [0; 7]),
    (&["init", "new.yaml"], [1, 0, 0, 0, 0, 0, 0]),
];

/// A file system of a test's own needs root, or a namespace in which the user is root.
#[expect(clippy::print_stderr, reason = "what is not tested is said")]
fn mounts() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["unshare", "-m"], &["unshare", "-rm"]];
    let works = |way: &&&[&str]| {
        let mut command = Command::new(way[0]);
        command
            .args(&way[1..])
            .args(["mount", "-t", "tmpfs", "none", "/mnt"]);
        command.output().is_ok_and(|output| output.status.success())
    };
    let found = ways.iter().find(works).copied();
    if found.is_none() {
        eprintln!("SKIPPED: full and read-only file systems: this user can mount none");
    }
    found
}

/// A tiny file system at `$D`, without a free block.
const FILLED: &str = "mount -t tmpfs -o size=64k,nr_inodes=64 none \"$D\"; \
    mkdir \"$D/state\" \"$D/cache\"; cat /dev/zero > \"$D/full\" 2>/dev/null; ";

/// A run of the program under an illness; none where this machine cannot have it.
fn run(room: &Room, ill: Ill, args: &[&str]) -> Option<Done> {
    let (script, state, cache) = match ill {
        NoBytes => ("trap '' XFSZ; ulimit -f 0; ".to_owned(), "state", "cache"),
        Full => (FILLED.to_owned(), "disk/state", "disk/cache"),
        ReadOnly => {
            let script = format!("{FILLED} mount -o remount,ro none \"$D\"; ");
            (script, "disk/state", "disk/cache")
        }
        NoState => (String::new(), "/proc/no", "cache"),
        StateIsFile => (String::new(), "file", "cache"),
        NoCache => (String::new(), "state", "/proc/no"),
        CacheIsFile => (String::new(), "state", "file"),
    };
    std::fs::create_dir_all(room.at("disk")).unwrap();
    room.write("file", "kept\n");
    let like = room.shell(&format!("{script} exec \"$0\" \"$@\""), args);
    let mut command = match ill {
        Full | ReadOnly => {
            let way = mounts()?;
            let mut command = Command::new(way[0]);
            command
                .args(&way[1..])
                .arg(like.get_program())
                .args(like.get_args());
            command.current_dir(room.at(""));
            for (name, value) in like.get_envs() {
                value.map(|value| command.env(name, value));
            }
            command
        }
        NoBytes | NoState | StateIsFile | NoCache | CacheIsFile => like,
    };
    let place = |name: &str| match name.starts_with('/') {
        true => name.into(),
        false => room.at(name),
    };
    command.env("D", room.at("disk"));
    command
        .env("XDG_STATE_HOME", place(state))
        .env("XDG_CACHE_HOME", place(cache));
    Some(Done::piped(command))
}

/// What is not as it should be after a run.
fn flaws(room: &Room, ill: Ill, done: &Done, args: &[&str], code: i32) -> Vec<String> {
    let (mut flaws, verb) = (Vec::new(), args.join(" "));
    let mut wrong = |what: String| flaws.push(format!("{verb} {ill:?}: {what}"));
    if done.code != code || done.err.contains("panicked") {
        wrong(format!("{} for {code}: {}", done.code, done.err));
        return flaws;
    }
    let said = ["error: ", "because: "].map(|part| done.err.contains(part));
    let advises = done.err.contains("next: ") || done.err.contains("help: ");
    if code == 1 && !(said == [true; 2] && advises) {
        wrong(format!("what, why or advice is missing: {}", done.err));
    }
    for (path, content) in [tree(&room.at("state")), tree(&room.at("cache"))].concat() {
        // The ledger's own files apart, no draft and nothing cut off.
        let name = path.to_string_lossy();
        let draft = name.rsplit('/').next().unwrap().starts_with('.');
        if (draft || content.is_empty()) && !name.contains("ledger.db") {
            wrong(format!("left {name}"));
        }
    }
    if std::fs::read_to_string(room.at("file")).unwrap() != "kept\n" {
        wrong("the file in the way was changed".to_owned());
    }
    // All is well once the disk is. What needs a runtime is tried where there is one.
    if args[0] != "apply" {
        if code == 0 {
            let _ = std::fs::remove_file(room.at("new.yaml"));
        }
        let well = room.run(args);
        if well.code != (if args[0] == "logs" { 2 } else { 0 }) {
            wrong(format!("afterwards {} {}", well.code, well.err));
        }
    }
    flaws
}

#[test]
fn each_verb_says_what_is_wrong_and_leaves_nothing_half_done() {
    let mut wrong = Vec::new();
    for (args, codes) in TABLE {
        for (ill, code) in ALL.into_iter().zip(codes) {
            let room = Room::new();
            room.stack("key_pairs: [{ name: k }]\n");
            room.write("policies/p.yaml", "policy: p\n");
            if let Some(done) = run(&room, ill, args) {
                wrong.extend(flaws(&room, ill, &done, args, *code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
