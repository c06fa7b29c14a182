"""Measures how long the program takes to start: `--version` and `validate` of a shipped stack.

    cargo build --release
    python3 benches/cold_start.py [--program target/release/clusterup] [--runs 40]

It prints the median and the slowest tenth, and beside them `terraform version` and `aws --version` where
these are installed: machines differ, so the ratios are what to compare.
"""
import argparse
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "target/release/clusterup"))
    parser.add_argument("--runs", type=int, default=40)
    args = parser.parse_args()
    if not Path(args.program).is_file():
        sys.exit(f"there is no {args.program}: run `cargo build --release`")
    stack = str(ROOT / "stacks/quickstart.yaml")
    commands = {
        "clusterup --version": [args.program, "--version"],
        "clusterup validate": [args.program, "validate", stack],
    }
    for name, words in [("terraform version", ["terraform", "version"]), ("aws --version", ["aws", "--version"])]:
        path = shutil.which(words[0])
        if path:
            commands[name] = [path, *words[1:]]
        else:
            print(f"{name:22} is not installed")
    base = None
    for name, command in commands.items():
        times = [timed(command) for _ in range(args.runs + 1)][1:]
        median = statistics.median(times)
        base = base or median
        slow = statistics.quantiles(times, n=10)[-1]
        print(f"{name:22} median {median:6.1f} ms, slowest tenth {slow:6.1f} ms, {median / base:5.1f} x")


def timed(command):
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.monotonic() - begun) * 1_000


if __name__ == "__main__":
    main()
