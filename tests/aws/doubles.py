"""Starts doubles of AWS for the tests of one process, each in a process of its own.

    python doubles.py

Loading moto takes a second of computing, so it is done once: each double is a fork of this process.
Prints `{"port": N}`, the port of 127.0.0.1 where a test asks for a double: it connects, sends a line
such as `{"spark": null}`, and receives a line such as `{"port": N, "pid": N}`. The double ends when
that connection ends, and this process when its input ends.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys

from moto.moto_api._internal import mock_random

import warm
from server import moto, serve


def main():
    services = moto()
    warm.up(services)
    # Collections in a double would otherwise write to, and so copy, all pages that it shares.
    gc.collect()
    gc.freeze()
    # The kernel removes doubles that have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as tests:
        print(json.dumps({"port": tests.getsockname()[1]}), flush=True)
        with selectors.DefaultSelector() as ready:
            ready.register(sys.stdin.buffer, selectors.EVENT_READ)
            ready.register(tests, selectors.EVENT_READ)
            while all(key.fileobj is tests for key, _ in ready.select()):
                accept(tests, services)


def accept(tests, services):
    """Forks a double for the test that connects."""
    test, _ = tests.accept()
    with test:
        if os.fork() == 0:
            tests.close()
            double(test, services)


def double(test, services):
    """Serves one account. Does not return."""
    # It waits for steps that are processes.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    mock_random.seed()
    lines = test.makefile("r", encoding="utf-8")
    asked = json.loads(lines.readline() or "{}")

    def announce(sent):
        test.sendall(json.dumps(sent).encode() + b"\n")

    serve(services, asked.get("spark"), announce, lines.read)


if __name__ == "__main__":
    main()
