"""Which branches of the product no world of the promises takes.

    python3 benches/marks.py [--worlds 2000] [--rooms guard,watchdog,...] [--threads 2] [--list FILE]
        [--folder target/marks] [--target FOLDER] [--tests]

Copies the sources, plants a mark into each branch of the rooms (benches/mutants, `marks`), builds the
promises' worlds once, without AWS's SDK, and plays them. Prints how many branches of each room were taken, and
the outermost branches that were not: what is inside of one is not taken either. A room is a name of ROOMS below
or a path in src. `--list` writes all that was not taken. Exits with 1 if a branch was not taken that
benches/marks/expected.txt does not list, and names the lines of that file that are no longer needed.

`--tests` also runs the unit tests and those of `tests/` that need neither Spark nor the double of AWS, and
shows which branches these do not take either.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from mutants import sources
from trees import ROOT, copied, with_module

ROOMS = {
    "guard": ["guard"],
    "reconcile": ["run/driver.rs", "run/reconcile.rs"],
    "watchdog": ["run/watchdog"],
    "admission": ["app/admission.rs", "app/extend.rs", "app/reservations.rs"],
    "months": [
        "app/accounts.rs", "cloud/account/teams.rs", "cost/meter.rs", "policy/cost_bound.rs", "policy/month.rs",
        "policy/spent.rs", "policy/team_account.rs", "policy/team_budget.rs", "run/account_store.rs",
        "run/ledger.rs",
    ],
}
EXPECTED = ROOT / "benches/marks/expected.txt"
SUITES = ["cost", "dash", "ledger", "policy", "sim", "team_account"]
# Tests of `sim` that play these worlds too.
WORLDS = [
    "adopt_worlds::no_", "destroy::destroy_leaves_nothing", "fleets::no_", "kills::any_", "kills::killed_",
    "laws::", "months::", "pairs::", "safeguards::",
]

MODULE = """//! Records which branches were taken.

use std::fs::{{File, OpenOptions}};
use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{{AtomicBool, Ordering}};

static FILE: LazyLock<Option<File>> = LazyLock::new(|| {{
    let name = std::env::var("MARKS_SEEN").ok()?;
    Some(OpenOptions::new().create(true).append(true).open(name).unwrap())
}});
static SEEN: [AtomicBool; {count}] = [const {{ AtomicBool::new(false) }}; {count}];

/// Records a branch, the first time that it is taken.
pub fn seen(id: u32) {{
    let seen = &SEEN[id as usize];
    if !seen.load(Ordering::Relaxed)
        && !seen.swap(true, Ordering::Relaxed)
        && let Some(mut file) = FILE.as_ref()
    {{
        file.write_all(format!("{{id}}\\n").as_bytes()).unwrap();
    }}
}}
"""


def files_of(tree, room):
    """The source files of a room, relative to the tree."""
    files = []
    for path in ROOMS.get(room, [room]):
        files += [tree / "src" / path] if path.endswith(".rs") else sources(tree, [path])
    if not files:
        sys.exit(f"there is no room {room}: name one of {', '.join(ROOMS)}, or a path in src")
    return [str(file.relative_to(tree)) for file in files]


def planted(folder, rooms):
    """Plants marks into a copy of the sources. Returns the copy and the marks of each room."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(folder / "tool"))
    subprocess.run(["cargo", "build", "--locked"], cwd=ROOT / "benches/mutants", env=env, check=True)
    tree = copied(folder / "tree")
    room_of = {file: room for room in rooms for file in files_of(tree, room)}
    listed = folder / "list.json"
    tool = folder / "tool/debug/clusterup-mutants"
    subprocess.run([tool, "marks", listed, *room_of], cwd=tree, check=True)
    marks = json.loads(listed.read_text())
    with_module(tree, "marks", MODULE.format(count=len(marks)))
    of_rooms = {room: [it for it in marks if room_of[it["file"]] == room] for room in rooms}
    return tree, of_rooms


def built(tree, target, command):
    """The programs that a command of cargo builds, by name."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(target), CARGO_INCREMENTAL="0")
    build = subprocess.run(
        ["cargo", *command, "--no-default-features", "--locked", "--message-format", "json"],
        cwd=tree, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    messages = [json.loads(line) for line in build.stdout.splitlines()]
    for message in messages:
        if message.get("message", {}).get("level") == "error":
            print(message["message"]["rendered"], file=sys.stderr)
    if build.returncode:
        sys.exit(build.stderr[-2000:])
    found = [it for it in messages if it.get("executable") and it["target"]["kind"] != ["bin"]]
    return {it["target"]["name"]: it["executable"] for it in found}


def taken(folder, tree, name, command):
    """Runs a command, and returns what it printed and which branches it took."""
    seen = folder / f"seen-{name}.txt"
    seen.unlink(missing_ok=True)
    env = dict(os.environ, MARKS_SEEN=str(seen), CARGO_MANIFEST_DIR=str(tree))
    done = subprocess.run(command, cwd=tree, env=env, text=True, capture_output=True)
    if done.returncode:
        print(f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}", file=sys.stderr)
    return done.stdout, {int(word) for word in seen.read_text().split()}


def taken_by_tests(folder, tree, target):
    suites = [word for suite in SUITES for word in ("--test", suite)]
    programs = built(tree, target, ["test", "--no-run", "--lib", "-p", "clusterup", *suites])
    seen = set()
    for name, program in programs.items():
        skipped = [word for world in WORLDS for word in ("--skip", world)] if name == "sim" else []
        seen |= taken(folder, tree, name, [program, "--quiet", *skipped])[1]
    return seen


def key(mark):
    return f"{mark['file']} | {mark['function']} | {mark['branch']}"


def shown(mark):
    return f"{mark['file']}:{mark['line']} {mark['function']}: {mark['branch']}"


def compared(outermost, marks, seen):
    """The branches that are not expected. Prints the expectations that hold no longer."""
    lines = EXPECTED.read_text().splitlines()
    expected = Counter(line for line in lines if line and not line.startswith("#"))
    files = {mark["file"] for mark in marks}
    expected = Counter({line: n for line, n in expected.items() if line.split(" | ")[0] in files})
    unexpected = []
    for mark in outermost:
        if expected[key(mark)]:
            expected[key(mark)] -= 1
        else:
            unexpected.append(mark)
    known = {key(mark) for mark in marks}
    for line in expected.elements():
        print(f"{'is taken' if line in known else 'does not exist'}, but expected: {line}")
    return unexpected


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", type=int, default=2_000)
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--list", default="")
    parser.add_argument("--folder", default=str(ROOT / "target/marks"))
    parser.add_argument("--target", default="", help="where cargo builds [default: in the folder]")
    parser.add_argument("--tests", action="store_true")
    given = parser.parse_args()
    folder = Path(given.folder)
    folder.mkdir(parents=True, exist_ok=True)
    target = given.target or folder / "target"
    tree, of_rooms = planted(folder, given.rooms.split(","))
    program = built(tree, target, ["build", "--bench", "promises"])["promises"]
    command = [program, "--bench", "--count", "--threads", str(given.threads), str(given.worlds)]
    output, seen = taken(folder, tree, "worlds", command)
    if not re.search(r"^noticed by 0 of", output, re.M):
        sys.exit(f"not every world was played to its end: {output}")
    marks = [mark for of_room in of_rooms.values() for mark in of_room]
    missed = [mark for mark in marks if mark["id"] not in seen]
    outermost = [mark for mark in missed if mark["within"] is None or mark["within"] in seen]
    width = max(map(len, of_rooms))
    for room, of_room in of_rooms.items():
        of_seen = sum(mark["id"] in seen for mark in of_room)
        print(f"{room:{width}} {len(of_room):5} branches, {of_seen:5} taken, {len(of_room) - of_seen:4} not")
    print(f"not taken by {given.worlds} worlds: {len(missed)}, of which {len(outermost)} are inside of no other")
    tested = set()
    if given.tests:
        tested = taken_by_tests(folder, tree, target)
    for mark in outermost:
        note = " (nor by tests)" if given.tests and mark["id"] not in tested else ""
        print(f"{shown(mark)}{note}")
    if given.list:
        Path(given.list).write_text("".join(f"{key(mark)}\n" for mark in outermost))
    unexpected = compared(outermost, marks, seen)
    for mark in unexpected:
        print(f"not expected: {shown(mark)}")
    sys.exit(1 if unexpected else 0)


if __name__ == "__main__":
    main()
