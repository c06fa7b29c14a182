"""Which small mistakes in the pure rooms no test notices.

    python3 benches/mutants.py [--rooms guard,cost,policy,plan] [--jobs 2] [--only FILE-PART]
        [--folder target/mutants] [--list FILE]

Copies the sources, plants every mistake at once (benches/mutants), builds the tests of these rooms once,
and runs them with one mistake after the other: `<` for `<=`, `&&` for `||`, `+` for `-`, `min` for `max`,
`any` for `all`, a condition for its opposite. A mistake that no test reaches is not run. Prints those that
survive. What does not compile is not planted.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trees import ROOT, copied, with_module

# Binaries of tests, besides those of the library itself.
SUITES = ["cost", "plan", "policy", "team_account", "ledger"]

MODULE = """//! Mistakes that are switched on one at a time.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static CHOSEN: LazyLock<u32> = LazyLock::new(|| {
    std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
});
static SEEN_FILE: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("MUTANTS_SEEN").ok());
static SEEN: [AtomicBool; 20_000] = [const { AtomicBool::new(false) }; 20_000];

/// Whether a mistake is made.
pub fn on(number: u32) -> bool {
    if let Some(file) = SEEN_FILE.as_ref()
        && !SEEN[number as usize].swap(true, Ordering::Relaxed)
    {
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{number}\\n").as_bytes()).unwrap();
    }
    *CHOSEN == number
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
    """Plants and builds until what is planted compiles. Returns the mistakes and the tests' binaries."""
    skipped = folder / "skipped.txt"
    skipped.write_text("")
    env = dict(os.environ, CARGO_TARGET_DIR=str(folder / "target"), CARGO_INCREMENTAL="0")
    while True:
        tree = copied(folder / "tree")
        files = [str(path.relative_to(tree)) for path in sources(tree, rooms)]
        run([tool, str(folder / "list.json"), str(skipped), *files], cwd=tree, check=True)
        with_module(tree, "mutants", MODULE)
        suites = [word for suite in SUITES for word in ("--test", suite)]
        build = run(
            ["cargo", "test", "--no-default-features", "--no-run", "--lib", *suites, "-p", "clusterup",
             "--message-format", "json", "--config", "build.rustflags=['--cap-lints=allow']"],
            cwd=tree, env=env,
        )
        binaries, wrong = [], set()
        for line in build.stdout.splitlines():
            message = json.loads(line)
            if message.get("executable") and message.get("profile", {}).get("test"):
                binaries.append(message["executable"])
            if message.get("message", {}).get("level") == "error":
                for span in message["message"]["spans"]:
                    wrong.add(f"{span['file_name']}:{span['line_start']}")
        if build.returncode == 0:
            return json.loads((folder / "list.json").read_text()), binaries, tree
        before = set(skipped.read_text().split())
        if not wrong - before:
            sys.exit(build.stderr[-4000:])
        skipped.write_text("\n".join(sorted(before | wrong)))
        print(f"{len(wrong - before)} lines do not compile with their mistakes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rooms", default="guard,cost,policy,plan")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", default=str(ROOT / "target/mutants"))
    parser.add_argument("--list", default="")
    given = parser.parse_args()
    folder, rooms = Path(given.folder), given.rooms.split(",")
    folder.mkdir(parents=True, exist_ok=True)
    tool_env = dict(os.environ, CARGO_TARGET_DIR=str(folder / "tool"))
    run(["cargo", "build", "--release"], cwd=ROOT / "benches/mutants", env=tool_env, check=True)
    mutants, binaries, tree = planted(folder, rooms, str(folder / "tool/release/clusterup-mutants"))
    filters = [f"{room}::" for room in rooms]
    commands = [
        [binary, "--quiet", *(filters if "/clusterup-" in binary else [])] for binary in binaries
    ]

    def fails(env, seconds):
        """The first command that fails, if one does."""
        env = dict(os.environ, CARGO_MANIFEST_DIR=str(tree), **env)
        for command in commands:
            try:
                if run(command, cwd=tree, env=env, timeout=seconds).returncode:
                    return command
            except subprocess.TimeoutExpired:
                return command
        return None

    seen = folder / "seen.txt"
    seen.unlink(missing_ok=True)
    broken = fails({"MUTANTS_SEEN": str(seen)}, 900)
    if broken:
        sys.exit(f"without a mistake, this fails: {' '.join(broken)}")
    reached = {int(number) for number in seen.read_text().split()}
    chosen = [it for it in mutants if given.only in it["file"]]
    unreached = [it for it in chosen if it["id"] not in reached]
    to_run = [it for it in chosen if it["id"] in reached]
    print(f"{len(chosen)} mistakes, {len(unreached)} of them in code that no test reaches", flush=True)

    def survives(mutant):
        return not fails({"MUTANT": str(mutant["id"])}, 120)

    survivors, done = [], 0
    with ThreadPoolExecutor(given.jobs) as pool:
        for mutant, alive in zip(to_run, pool.map(survives, to_run)):
            done += 1
            if alive:
                survivors.append(mutant)
                print(line(mutant), flush=True)
            if done % 100 == 0:
                print(f"{done} of {len(to_run)}: {len(survivors)} survive", flush=True)
    killed = len(to_run) - len(survivors)
    print(f"{len(chosen)} mistakes: {killed} noticed, {len(survivors)} survive, {len(unreached)} unreached")
    if given.list:
        kinds = [("survives", survivors), ("unreached", unreached)]
        lines = [f"{kind}: {line(it)}" for kind, all_of in kinds for it in all_of]
        Path(given.list).write_text("\n".join(lines) + "\n")


def line(mutant):
    return f"{mutant['file']}:{mutant['line']}: {mutant['from'][:90]}  ->  {mutant['to'][:90]}"


if __name__ == "__main__":
    main()
