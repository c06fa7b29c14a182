"""What is shown of a job that is followed, beside what it did: on this machine, with real Spark.

    python3 benches/following.py [--runs 10] [--passes 30] [--program target/debug/clusterup]
        [--silent]

Runs a job of so many passes again and again on a terminal, and compares the time that was announced
after a third of it with the time that it took. Prints the errors and their median, how much the
program wrote, and its use of a processor while it followed. With `--silent` the job prints nothing, so
that only the run before shows how long it takes: the first run announces nothing then.
"""

import argparse
import fcntl
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SCRIPT = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
for number in range(1, PASSES + 1):
    numbers = spark.range(0, 3_000_000, numPartitions=4)
    numbers.selectExpr(f"id % 997 as k", f"sqrt(id) * {number} as v").groupBy("k").sum("v").collect()
    SAY(f"pass {number} of PASSES")
print("the answer is 42")
spark.stop()
"""

STACK = """
stack: passes
region: us-east-1
cluster: { release: emr-7.x, size: 2 x m5.xlarge }
job: { steps: [{ name: passes, script: passes.py }] }
guardrails: { idle_timeout: 10m, max_lifetime: 1h, budget: $1, when_done: terminate }
"""

LEFT = re.compile(rb"about (?:(\d+)h )?(?:(\d+)m )?(?:(\d+)s )?left|about to (end)")
TICKS = os.sysconf("SC_CLK_TCK")


def busy(pid):
    """The seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Run:
    """One run on a terminal of 100 columns."""

    def __init__(self, program, folder, env):
        self.said = []
        self.started = self.ended = None
        self.bytes = 0
        main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        args = [program, "apply", "passes.yaml", "--local", "--yes", "--again"]
        child = subprocess.Popen(
            args, cwd=folder, env=env, stdin=other, stdout=other, stderr=other
        )
        os.close(other)
        self.all = b""
        busy_from = busy_until = 0
        while True:
            try:
                chunk = os.read(main, 65536) if select.select([main], [], [], 60)[0] else b""
            except OSError:
                break
            if not chunk:
                break
            now = time.monotonic()
            self.all += chunk
            if self.started is None and b"step passes is running" in self.all:
                self.started, busy_from = now, busy(child.pid)
                before = len(self.all)
            if self.started and self.ended is None:
                for found in LEFT.finditer(chunk):
                    hours, minutes, seconds = (int(it or 0) for it in found.groups()[:3])
                    self.said.append((now, hours * 3600 + minutes * 60 + seconds))
                if b"step passes completed" in self.all:
                    self.ended, busy_until = now, busy(child.pid)
                    self.bytes = len(self.all) - before
        self.code = child.wait()
        os.close(main)
        if self.code == 0:
            self.took = self.ended - self.started
            self.share = (busy_until - busy_from) / self.took

    def error(self):
        """How wrong the time was that was announced after a third, as a part of the true one."""
        third = self.started + self.took / 3
        known = [left for at, left in self.said if at <= third]
        if not known:
            return None
        true = self.ended - third
        return abs(known[-1] - true) / true


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--program", default=str(ROOT / "target/debug/clusterup"))
    parser.add_argument("--silent", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        say = "str" if given.silent else "print"
        script = SCRIPT.replace("PASSES", str(given.passes)).replace("SAY", say)
        Path(folder, "passes.py").write_text(script)
        Path(folder, "passes.yaml").write_text(STACK)
        env = dict(os.environ, XDG_STATE_HOME=str(Path(folder, "state")), TERM="xterm")
        errors, shares = [], []
        for number in range(1, given.runs + 1):
            run = Run(given.program, folder, env)
            if run.code != 0:
                sys.exit(f"run {number} ended with {run.code}:\n{run.all.decode()[-4000:]}")
            error = run.error()
            said = "nothing announced" if error is None else f"{error:.0%} off after a third"
            print(
                f"run {number}: {run.took:.1f} s, {said}, {run.bytes} bytes drawn, "
                f"{run.share:.2%} of a core",
                flush=True,
            )
            shares.append(run.share)
            if error is not None:
                errors.append(error)
        if errors:
            print(f"median error after a third: {statistics.median(errors):.1%}")
        print(f"median share of a core while following: {statistics.median(shares):.2%}")
        subprocess.run(
            [given.program, "destroy", "passes", "--local", "--yes"],
            cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    main()
