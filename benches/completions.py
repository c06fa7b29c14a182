"""How long a stack's name takes to be completed in interactive shells, from Tab to the name.

    cargo build --release
    python3 benches/completions.py [--program target/release/clusterup] [--times 9]

Starts bash, zsh and fish, as far as they are installed, on a terminal in a folder with three stacks, types
`clusterup plan ot`, presses Tab, and waits for `other.yaml`. Prints the median and the slowest.
"""

import argparse
import os
import pty
import select
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

STACK = "stack: {}\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n"

# Each shell's command, and what it reads before the first name is completed.
SHELLS = {
    "bash": (["--norc", "-i"], 'eval "$(clusterup completions bash)"'),
    "zsh": (["-f", "-i"], 'autoload -U compinit; compinit -D; eval "$(clusterup completions zsh)"'),
    "fish": (["--no-config", "-i"], "clusterup completions fish | source"),
}


def until(terminal, text, seconds=10):
    """Reads until this was written; exits if it never is."""
    read, end = b"", time.monotonic() + seconds
    while text not in read:
        if time.monotonic() > end:
            sys.exit(f"{text!r} was not written: {read[-400:]!r}")
        if select.select([terminal], [], [], 0.05)[0]:
            read += os.read(terminal, 65536)


def quiet(terminal):
    """Reads until nothing is written for a while."""
    while select.select([terminal], [], [], 0.3)[0]:
        os.read(terminal, 65536)


def measured(shell, folder, env, times):
    """The milliseconds from Tab to the name, each time."""
    args, setup = SHELLS[shell]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(shell, [shell, *args], env)
    quiet(terminal)
    os.write(terminal, f"{setup}; echo re''ady\n".encode())
    until(terminal, b"ready")
    took = []
    for _ in range(times):
        quiet(terminal)
        os.write(terminal, b"\x15clusterup plan ot")
        quiet(terminal)
        begun = time.monotonic()
        os.write(terminal, b"\t")
        until(terminal, b"her.yaml")
        took.append((time.monotonic() - begun) * 1_000)
    os.kill(child, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(child, 0)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=str(ROOT / "target/release/clusterup"))
    parser.add_argument("--times", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in ["t", "other", "movies"]:
            Path(folder, f"{name}.yaml").write_text(STACK.format(name))
        programs = Path(folder, "programs")
        programs.mkdir()
        Path(programs, "clusterup").symlink_to(Path(given.program).resolve())
        path = f"{programs}:{os.environ['PATH']}"
        env = dict(os.environ, PATH=path, TERM="xterm", XDG_STATE_HOME=str(Path(folder, "state")))
        for shell in SHELLS:
            if shutil.which(shell) is None:
                print(f"{shell:6} is not installed")
                continue
            took = measured(shell, folder, env, given.times)
            print(f"{shell:6} median {statistics.median(took):5.0f} ms, slowest {max(took):5.0f} ms")


if __name__ == "__main__":
    main()
