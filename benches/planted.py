"""Which planted mistakes the worlds of the promises notice.

    python3 benches/planted.py [--worlds 2000] [--only NAME,...] [--jobs 2] [--folder target/planted]
        [--target FOLDER] [--table]

Copies the sources, plants the mistakes of benches/planted/defects.toml, all at once and each switched off,
and builds the promises' worlds once, without AWS's SDK. Then it plays the same worlds with one mistake
after the other, and prints how many of them noticed it and the first seed that did. `--table` prints the
rows of the table in docs/promises.md. Exits with 1 if a mistake is not noticed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trees import ROOT, copied, replace, with_module

MODULE = """//! Mistakes that are switched on one at a time.

use std::sync::LazyLock;

static CHOSEN: LazyLock<String> =
    LazyLock::new(|| std::env::var("PLANTED").unwrap_or_default());

/// Whether a mistake is made.
pub fn on(name: &str) -> bool {
    *CHOSEN == name
}
"""

NOTICED = re.compile(r"^noticed by (\d+) of (\d+) worlds(?:, first by seed (\d+))?", re.M)


def plant(tree, defects):
    texts = {}
    for defect in defects:
        file = tree / defect["file"]
        text = texts.setdefault(file, file.read_text())
        before, rest = defect["find"].split("<<")
        part, after = rest.split(">>")
        whole = before + part + after
        if text.count(whole) != 1:
            sys.exit(f"{defect['name']}: its text stands {text.count(whole)} times in {file}")
        switched = f'if crate::planted::on("{defect["name"]}") {{ {defect["with"]} }} else {{ {part} }}'
        if not part.endswith(";"):
            switched = f"({switched})"
        texts[file] = text.replace(whole, before + switched + after)
    for file, text in texts.items():
        replace(file, text)


def built(tree, target):
    """The program that plays the worlds."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(target))
    build = subprocess.run(
        ["cargo", "bench", "--no-default-features", "--bench", "promises", "--no-run", "--locked",
         "--message-format", "json"],
        cwd=tree, env=env, text=True, capture_output=True,
    )
    found = None
    for line in build.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "promises":
            found = message["executable"]
        if message.get("message", {}).get("level") == "error":
            print(message["message"]["rendered"], file=sys.stderr)
    if build.returncode:
        sys.exit(build.stderr[-2000:])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", type=int, default=2_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", default=str(ROOT / "target/planted"))
    parser.add_argument("--target", default="", help="where cargo builds [default: in the folder]")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    defects = tomllib.loads((ROOT / "benches/planted/defects.toml").read_text())["defect"]
    folder = Path(given.folder)
    tree = copied(folder / "tree")
    plant(tree, defects)
    with_module(tree, "planted", MODULE)
    program = built(tree, given.target or folder / "target")

    def played(defect):
        env = dict(os.environ, PLANTED=defect["name"] if defect else "")
        command = [program, "--bench", "--count", "--threads", "1", str(given.worlds)]
        done = subprocess.run(command, cwd=tree, env=env, text=True, capture_output=True)
        found = NOTICED.search(done.stdout)
        if not found:
            sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return found.groups()

    count, worlds, seed = played(None)
    if count != "0":
        sys.exit(f"without a mistake, {count} of {worlds} worlds fail, the first is {seed}")
    names = given.only.split(",") if given.only else [defect["name"] for defect in defects]
    chosen = [defect for defect in defects if defect["name"] in names]
    missed = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for defect, (count, worlds, seed) in zip(chosen, pool.map(played, chosen)):
            if count == "0":
                missed.append(defect["name"])
            room = defect["file"].split("/")[1]
            if given.table:
                row = [defect["what"], f"`{room}`", defect["promise"], count, seed or "none"]
                print("| " + " | ".join(row) + " |", flush=True)
            else:
                print(f"{defect['name']:28} {defect['promise']} {count:>6} of {worlds} {seed or '-':>6}", flush=True)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} are noticed", file=sys.stderr)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
