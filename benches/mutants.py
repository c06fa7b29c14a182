"""Which small mistakes in the pure rooms no test notices.

    python3 benches/mutants.py [--rooms guard,cost,policy,plan] [--jobs 2] [--only FILE-PART]
        [--folder target/mutants] [--list FILE] [--again FILE] [--slow SECONDS]

Copies the sources, plants every mistake at once (benches/mutants), and builds the tests once. It runs all
of them without a mistake, which shows which tests reach which mistake, and how long each test takes. Then
it makes one mistake after the other: `<` for `<=`, `&&` for `||`, `+` for `-`, `min` for `max`, `any` for
`all`, a condition for its opposite. Of each mistake it runs the tests that reach it, the fastest first,
until one fails. Prints the mistakes that no test reaches and those that survive, and exits with 1 if
docs/mutants.md does not explain one of them. What does not compile is not planted.

`--list` writes unreached and surviving mistakes to a file; `--again` makes only those of such a file. Tests
that take longer than two seconds run only with `--slow`: worth it for what survives the others.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trees import ROOT, copied, same, with_module

# Binaries of tests, besides those of the library itself.
SUITES = ["cost", "plan", "policy", "team_account", "ledger"]

# Tests of the library outside the rooms run too if they take less than this, in seconds.
FAST = 0.3
# Tests of one run together take about this long, in seconds, so that a slow one waits for the fast.
CHUNK = 1.0

MODULE = """//! Mistakes that are switched on one at a time.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::LazyLock;

static CHOSEN: LazyLock<u32> = LazyLock::new(|| {
    std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
});
static SEEN_FILE: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("MUTANTS_SEEN").ok());

thread_local! {
    static SEEN: RefCell<HashSet<u32>> = RefCell::new(HashSet::new());
}

/// Whether a mistake is made.
pub fn on(number: u32) -> bool {
    if let Some(file) = SEEN_FILE.as_ref() {
        note(file, number);
    }
    *CHOSEN == number
}

/// The harness names the thread of a test like the test.
fn note(file: &str, number: u32) {
    if SEEN.with(|seen| seen.borrow_mut().insert(number)) {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("?");
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{test} {number}\\n").as_bytes()).unwrap();
    }
}
"""


def run(command, **more):
    return subprocess.run(command, text=True, capture_output=True, **more)


def sources(tree, rooms):
    """The files of rooms, without those that only tests have."""
    files = []
    for room in rooms:
        for path in sorted((tree / "src" / room).rglob("*.rs")):
            parent = path.parent / "mod.rs"
            if path.name == "mod.rs":
                parent = path.parent.parent / "mod.rs"
            beside = path.parent.with_suffix(".rs")
            declared = "".join(it.read_text() for it in (parent, beside) if it.exists())
            name = path.parent.name if path.name == "mod.rs" else path.stem
            if not re.search(rf"#\[cfg\(test\)\]\s*(pub(\(\w+\))? )?mod {name};", declared):
                files.append(path)
    return files


def planted(folder, rooms, tool):
    """Plants and builds until what is planted compiles. Returns the mistakes, the tests' binaries and the
    copy of the sources."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(folder / "target"), CARGO_INCREMENTAL="0")
    # Names of mistakes that do not compile: numbers change with the sources.
    known = folder / "not-compiling.json"
    wrong = set(json.loads(known.read_text())) if known.exists() else set()
    while True:
        mutants, tree = planted_once(folder, rooms, tool, wrong)
        suites = [word for suite in SUITES for word in ("--test", suite)]
        build = run(
            ["cargo", "test", "--no-default-features", "--no-run", "--lib", *suites, "-p", "clusterup",
             "--message-format", "json", "--config", "build.rustflags=['--cap-lints=allow']"],
            cwd=tree, env=env,
        )
        binaries, found = [], set()
        for line in build.stdout.splitlines():
            message = json.loads(line)
            if message.get("executable") and message.get("profile", {}).get("test"):
                binaries.append(message["executable"])
            if message.get("message", {}).get("level") == "error":
                spans = message["message"]["spans"]
                found |= {planted_at(tree, span) for span in spans if span["is_primary"]}
        if build.returncode == 0:
            return [it for it in mutants if it["name"] not in wrong], binaries, tree
        found = {it["name"] for it in mutants if it["id"] in found} - wrong
        if not found:
            sys.exit(build.stderr[-4000:])
        wrong |= found
        known.write_text(json.dumps(sorted(wrong), indent=1))
        print(f"{len(found)} mistakes do not compile", flush=True)


def planted_once(folder, rooms, tool, wrong):
    """Plants all but what is wrong. Copies what has changed since: what has not is not built again."""
    plain, tree = folder / "plain", folder / "tree"
    listed, skipped = folder / "list.json", folder / "skipped.txt"
    ids = set()
    for _ in range(2):
        copied(plain)
        skipped.write_text("\n".join(map(str, sorted(ids))))
        files = [str(path.relative_to(plain)) for path in sources(plain, rooms)]
        run([tool, str(listed), str(skipped), *files], cwd=plain, check=True)
        mutants, count = json.loads(listed.read_text()), Counter()
        for it in mutants:
            name = key(line(it))
            count[name] += 1
            it["name"] = f"{name} {count[name]}"
        ids |= {it["id"] for it in mutants if it["name"] in wrong}
    with_module(plain, "mutants", MODULE)
    for source in filter(Path.is_file, plain.rglob("*")):
        target = tree / source.relative_to(plain)
        if not target.exists() or not same(source, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return mutants, tree


def planted_at(tree, span):
    """The number of the mistake in which an error of the compiler is: the last before it."""
    lines = (tree / span["file_name"]).read_text().splitlines()[: span["line_end"]]
    lines[-1:] = [it[: span["column_end"]] for it in lines[-1:]]
    found = re.findall(r"crate::mutants::on\((\d+)\)", "\n".join(lines))
    return int(found[-1]) if found else None


class Tests:
    """The tests of all binaries: which mistakes each reaches, and how many seconds it takes."""

    def __init__(self, tree, rooms, slow):
        self.rooms, self.slow = tuple(f"{room}::" for room in rooms), slow
        self.tree, self.seconds, self.reaching = tree, {}, {}
        self.env = dict(os.environ, CARGO_MANIFEST_DIR=str(tree), INSTA_UPDATE="no")

    def measure(self, binary, seen):
        """Runs a binary without a mistake, one test after the other."""
        seen.unlink(missing_ok=True)
        env = dict(self.env, MUTANTS_SEEN=str(seen))
        library = "/clusterup-" in binary
        process = subprocess.Popen(
            [binary, "--test-threads", "1"], cwd=self.tree, env=env, text=True, stdout=subprocess.PIPE,
        )
        last, skipped, lines = time.monotonic(), set(), []
        for text in process.stdout:
            lines.append(text)
            now = time.monotonic()
            done = re.match(r"test (\S+)(?: - should panic)? \.\.\. (ok|ignored)", text)
            own = not library or text[5:].startswith(self.rooms)
            if done and now - last > (self.slow if own else FAST):
                skipped.add(done[1])
            elif done:
                self.seconds[binary, done[1]] = now - last
            last = now
        if process.wait():
            sys.exit(f"without a mistake, {binary} fails:\n{''.join(lines[-40:])}")
        for text in set(seen.read_text().splitlines()) if seen.exists() else ():
            test, number = text.rsplit(" ", 1)
            if test not in skipped:
                self.reaching.setdefault(int(number), set()).add((binary, test))
        took = sum(seconds for (of, _), seconds in self.seconds.items() if of == binary)
        print(f"{Path(binary).name}: {took:.1f} s, {len(skipped)} slow tests left out", flush=True)

    def of(self, number):
        """The tests that reach a mistake, the fastest first. A thread that is no test's stands for all."""
        reaching = self.reaching[number]
        whole = {binary for binary, test in reaching if (binary, test) not in self.seconds}
        tests = [it for it in self.seconds if it in reaching or it[0] in whole]
        return sorted(tests, key=lambda it: (self.seconds[it], it))

    def notice(self, number):
        """Whether one of the tests that reach a mistake fails with it."""
        chunk, seconds = [], 0.0
        for test in self.of(number):
            if chunk and (seconds + self.seconds[test] > CHUNK or test[0] != chunk[0][0]):
                if self.fail(number, chunk, seconds):
                    return True
                chunk, seconds = [], 0.0
            chunk.append(test)
            seconds += self.seconds[test]
        return self.fail(number, chunk, seconds)

    def fail(self, number, chunk, seconds):
        command = [chunk[0][0], "--quiet", "--exact", *(test for _, test in chunk)]
        env = dict(self.env, MUTANT=str(number))
        try:
            return run(command, cwd=self.tree, env=env, timeout=20 + 10 * seconds).returncode != 0
        except subprocess.TimeoutExpired:
            return True


def line(mutant):
    return f"{mutant['file']}:{mutant['line']}: `{mutant['from']}` -> `{mutant['to']}`"


def key(text):
    """A mistake without the number of its line."""
    found = re.match(r"(?:- |\w+: )?`?(src/[\w/]+\.rs)(?::\d+)?`?: (`[^`]+` -> `[^`]+`)", text)
    return f"{found[1]} {found[2]}" if found else None


def keys(file):
    lines = re.sub(r"\n  +", " ", file.read_text()).splitlines() if file.exists() else []
    return {key(it) for it in lines} - {None}


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rooms", default="guard,cost,policy,plan")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", default=str(ROOT / "target/mutants"))
    parser.add_argument("--list", default="")
    parser.add_argument("--again", default="")
    parser.add_argument("--slow", type=float, default=2.0)
    return parser.parse_args()


def main():
    given = parsed()
    folder, rooms = Path(given.folder), given.rooms.split(",")
    again = keys(Path(given.again)) if given.again else None
    folder.mkdir(parents=True, exist_ok=True)
    tool_env = dict(os.environ, CARGO_TARGET_DIR=str(folder / "tool"))
    run(["cargo", "build", "--release"], cwd=ROOT / "benches/mutants", env=tool_env, check=True)
    mutants, binaries, tree = planted(folder, rooms, str(folder / "tool/release/clusterup-mutants"))
    tests = Tests(tree, rooms, given.slow)
    for binary in binaries:
        tests.measure(binary, folder / "seen.txt")

    chosen = [it for it in mutants if given.only in it["file"]]
    if again is not None:
        chosen = [it for it in chosen if key(line(it)) in again]
    lost = {"unreached": [it for it in chosen if it["id"] not in tests.reaching], "survives": []}
    to_run = [it for it in chosen if it["id"] in tests.reaching]
    for mutant in lost["unreached"]:
        print("unreached:", line(mutant), flush=True)
    with ThreadPoolExecutor(given.jobs) as pool:
        notice = pool.map(lambda it: tests.notice(it["id"]), to_run)
        for done, (mutant, noticed) in enumerate(zip(to_run, notice), 1):
            if not noticed:
                lost["survives"].append(mutant)
                print("survives:", line(mutant), flush=True)
            if done % 100 == 0:
                print(f"{done} of {len(to_run)}: {len(lost['survives'])} survive", flush=True)
    alive, unreached = len(lost["survives"]), len(lost["unreached"])
    noticed = len(to_run) - alive
    print(f"{len(chosen)} mistakes: {noticed} noticed, {alive} survive, {unreached} unreached")
    lines = [f"{kind}: {line(it)}" for kind, all_of in lost.items() for it in all_of]
    if given.list:
        Path(given.list).write_text("".join(f"{it}\n" for it in lines))
    explained = keys(ROOT / "docs/mutants.md")
    missing = [it for it in lines if key(it) not in explained]
    if missing:
        sys.exit("docs/mutants.md does not explain:\n" + "\n".join(missing))


if __name__ == "__main__":
    main()
