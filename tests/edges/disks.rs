//! Full disks, unwritable and missing folders: each verb's exit code and messages, with no
//! incomplete files, and success once the disk is fixed.

use crate::faults::{NO_ROOM, after, like_it};
use crate::room::{Done, Room, tree};
use crate::verbs;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A fault of the machine.
#[derive(Debug, Clone, Copy)]
struct Ill {
    name: &'static str,
    /// What the shell does before the program starts; `$D` is an empty folder.
    script: &'static str,
    /// Where state and cache are: in the room, or at an absolute path.
    state: &'static str,
    cache: &'static str,
}

/// A tiny file system at `$D` without a free block, and the same read-only.
macro_rules! filled {
    ($more:literal) => {
        concat!(
            "mount -t tmpfs -o size=64k,nr_inodes=64 none \"$D\"; mkdir \"$D/state\" \"$D/cache\"; ",
            "cat /dev/zero > \"$D/full\" 2>/dev/null; ",
            $more
        )
    };
}
const FULL: &str = filled!("");
const READ_ONLY: &str = filled!("mount -o remount,ro none \"$D\"; ");

const fn ill(name: &'static str, script: &'static str, state: &'static str) -> Ill {
    let cache = "cache";
    Ill {
        name,
        script,
        state,
        cache,
    }
}

/// Each fault, in the order of the table's codes. `ulimit -f 0` applies to everybody, also to root.
const ALL: [Ill; 8] = [
    ill("no file can have a byte", NO_ROOM, "state"),
    Ill {
        cache: "disk/cache",
        ..ill("the disk is full", FULL, "disk/state")
    },
    Ill {
        cache: "disk/cache",
        ..ill("the disk is read-only", READ_ONLY, "disk/state")
    },
    ill("the state is not there and cannot be made", "", "/proc/no"),
    ill("the state is a file", "", "file"),
    Ill {
        cache: "/proc/no",
        ..ill("the cache is not there and cannot be made", "", "state")
    },
    Ill {
        cache: "file",
        ..ill("the cache is a file", "", "state")
    },
    Ill {
        cache: "disk/cache",
        ..ill("the cache is read-only", READ_ONLY, "state")
    },
];

/// A verb, its exit code without a fault, and with each fault in the order of `ALL`.
type Row = (&'static str, i32, [i32; 8]);

/// The exit code of `timeout` if the program had to be stopped.
const GOES_ON: i32 = 124;

const TABLE: &[Row] = &[
    ("init new.yaml", 0, [1, 0, 0, 0, 0, 0, 0, 0]),
    (
        "import request.json --out new.yaml",
        0,
        [1, 0, 0, 0, 0, 0, 0, 0],
    ),
    ("validate t.yaml", 0, [0; 8]),
    ("plan t.yaml --local", 0, [0, 0, 0, 0, 1, 0, 0, 0]),
    ("plan t --local", 2, [2, 2, 2, 2, 1, 2, 2, 2]),
    ("apply t.yaml --local --yes", 0, [1; 8]),
    ("apply t --local", 2, [2, 2, 2, 2, 1, 2, 2, 2]),
    ("status --local", 0, [0, 0, 0, 0, 1, 0, 0, 0]),
    ("status t.yaml --local", 0, [0, 0, 0, 0, 1, 0, 0, 0]),
    ("logs t --local", 2, [2, 2, 2, 2, 1, 2, 2, 2]),
    ("diagnose t --local", 2, [2, 2, 2, 2, 1, 2, 2, 2]),
    ("summary t --local", 2, [2, 2, 2, 2, 1, 2, 2, 2]),
    ("ui t --local", 2, [2, 2, 2, 2, 1, 2, 2, 2]),
    ("watchdog log", 0, [0; 8]),
    (
        "watchdog log --follow",
        GOES_ON,
        [1, 1, 1, 1, 1, GOES_ON, GOES_ON, GOES_ON],
    ),
    (
        "extend t.yaml --local --by 1h --why x",
        2,
        [2, 2, 1, 1, 1, 2, 2, 2],
    ),
    ("adopt j-1ABC --local --max-lifetime 4h", 2, [2; 8]),
    ("ssh t.yaml --local", 2, [2; 8]),
    ("destroy t.yaml --local --yes", 0, [0, 0, 0, 0, 1, 0, 0, 0]),
    ("cost estimate t.yaml", 0, [0; 8]),
    ("cost report --local", 0, [1, 1, 1, 1, 1, 0, 0, 0]),
    ("simulate --local", 0, [0, 0, 0, 0, 1, 0, 0, 0]),
    ("prices show m5.xlarge --region us-east-1", 0, [0; 8]),
    ("prices refresh --region us-east-1", 1, [1; 8]),
    (
        "budget --local --policies budget",
        0,
        [1, 1, 1, 1, 1, 0, 0, 0],
    ),
    // Nothing is admitted if a team's month cannot be read.
    (
        "plan t.yaml --local --policies budget",
        0,
        [1, 1, 1, 1, 1, 0, 0, 0],
    ),
    ("policy check t.yaml", 0, [0; 8]),
    ("policy test", 0, [0; 8]),
    ("policy push --policies policies", 1, [1; 8]),
    ("watchdog sweep --local", 0, [1, 1, 1, 1, 1, 0, 0, 0]),
    (
        "watchdog sweep --local --dry-run",
        0,
        [1, 1, 1, 1, 1, 0, 0, 0],
    ),
    (
        "watchdog run --local --no-page",
        GOES_ON,
        [1, 1, 1, 1, 1, GOES_ON, GOES_ON, GOES_ON],
    ),
    (
        "watchdog install --user -- --local",
        0,
        [1, 0, 0, 0, 0, 0, 0, 0],
    ),
    ("doctor --local", 0, [0, 1, 1, 1, 1, 1, 1, 1]),
    ("schema", 0, [0; 8]),
    ("completions fish", 0, [0; 8]),
    ("version", 0, [0; 8]),
    ("config", 0, [0; 8]),
    ("man", 0, [0; 8]),
    ("man --dir pages", 0, [1, 0, 0, 0, 0, 0, 0, 0]),
];

/// A request that `import` makes a stack of.
const REQUEST: &str = r#"{ "Name": "etl", "ReleaseLabel": "emr-7.12.0", "Instances": {
    "MasterInstanceType": "m5.xlarge", "Placement": { "AvailabilityZone": "us-east-1a" } } }"#;

/// Mounting a file system needs root, or a namespace in which the user is root.
fn mounts() -> Option<&'static [&'static str]> {
    static FOUND: OnceLock<Option<&[&str]>> = OnceLock::new();
    *FOUND.get_or_init(find_mounts)
}

#[expect(clippy::print_stderr, reason = "what is not tested is said")]
fn find_mounts() -> Option<&'static [&'static str]> {
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

/// Runs the program with a fault; `None` if this machine cannot produce it.
fn run(room: &Room, ill: Ill, args: &[&str], goes_on: bool) -> Option<Done> {
    std::fs::create_dir_all(room.at("disk")).unwrap();
    room.write("file", "kept\n");
    let mut like = room.command(args);
    if goes_on {
        let mut stopped = like_it(&like, Command::new("timeout"));
        stopped
            .arg("2")
            .arg(like.get_program())
            .args(like.get_args());
        like = stopped;
    }
    let mut command = after(ill.script, &like);
    if ill.script.contains("mount") {
        let way = mounts()?;
        let mut mounting = like_it(&command, Command::new(way[0]));
        mounting.args(&way[1..]);
        mounting.arg(command.get_program()).args(command.get_args());
        command = mounting;
    }
    let place = |name: &str| {
        if name.starts_with('/') {
            name.into()
        } else {
            room.at(name)
        }
    };
    command.env("D", room.at("disk"));
    command
        .env("XDG_STATE_HOME", place(ill.state))
        .env("XDG_CACHE_HOME", place(ill.cache));
    Some(Done::piped(command))
}

/// The problems after a run.
fn flaws(room: &Room, ill: Ill, done: &Done, (verb, well, code): (&str, i32, i32)) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut wrong = |what: String| flaws.push(format!("{verb}, {}: {what}", ill.name));
    if done.code != code || done.err.contains("panicked") {
        wrong(format!(
            "{} for {code}: {}{}",
            done.code, done.out, done.err
        ));
        return flaws;
    }
    let message = if verb.starts_with("doctor") {
        // Its findings are its answer.
        done.out.contains("not ready: ")
    } else {
        done.err.contains("error: ") && done.err.contains("because: ")
    };
    let says = format!("{}{}", done.out, done.err);
    // Without space, a command shows where; users know which other folder to take.
    let full = [NO_ROOM, FULL].contains(&ill.script);
    let advises = says.contains("next: ") || !full && says.contains("help: ");
    if code == 1 && !(message && advises) {
        wrong(format!("what, why or advice is missing: {says}"));
    }
    for (path, content) in [tree(&room.at("state")), tree(&room.at("cache"))].concat() {
        // Except for the ledger's own files, there are no drafts and no truncated files.
        let name = path.to_string_lossy();
        let draft = name.rsplit('/').next().unwrap().starts_with('.');
        if (draft || content.is_empty()) && !name.contains("ledger.db") {
            wrong(format!("left {name}"));
        }
    }
    if std::fs::read_to_string(room.at("file")).unwrap() != "kept\n" {
        wrong("the file in the way was changed".to_owned());
    }
    // Everything works once the disk is fixed. Verbs that need a runtime are tried if there is one.
    if !verb.starts_with("apply") && well != GOES_ON {
        if code == 0 {
            let _ = std::fs::remove_file(room.at("new.yaml"));
        }
        let after = room.run(&verb.split(' ').collect::<Vec<_>>());
        if after.code != well {
            wrong(format!("afterwards {} {}", after.code, after.err));
        }
    }
    flaws
}

fn row((verb, well, codes): Row) -> Vec<String> {
    let args: Vec<&str> = verb.split(' ').collect();
    let each = ALL.into_iter().zip(codes).flat_map(|(ill, code)| {
        let room = Room::new();
        room.stack("key_pairs: [{ name: k }]\nteam: a\n");
        let policy =
            "policy: p\napplies_to: { teams: [a] }\nbudget: { monthly: $100, home: us-east-1 }\n";
        room.write("request.json", REQUEST);
        room.write("policies/p.yaml", "policy: q\n");
        room.write("budget/p.yaml", policy);
        let example = "examples:\n  - { name: e, stack: ../../t.yaml, expect: allow }\n";
        room.write("policies/tests/e.yaml", example);
        let done = run(&room, ill, &args, code == GOES_ON);
        done.map_or(Vec::new(), |done| {
            flaws(&room, ill, &done, (verb, well, code))
        })
    });
    each.collect()
}

#[test]
fn each_verb_reports_the_fault_and_leaves_no_incomplete_files() {
    let rows = |verb: &String| {
        TABLE
            .iter()
            .any(|(row, ..)| format!("{row} ").starts_with(&format!("{verb} ")))
    };
    let missing: Vec<_> = verbs::all()
        .into_iter()
        .filter(|verb| !rows(verb))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(one) = TABLE.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(row(*one));
        }
        wrong
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
