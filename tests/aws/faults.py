"""Faults that tests request, and the list of calls that they are counted by."""

import fnmatch
import os
import signal
import time
from dataclasses import dataclass
from email.utils import formatdate

from peers import owner_of
from replies import Refusal, broken, refusal, throttled


class Dropped(Exception):
    """The connection is closed without a reply."""


@dataclass
class Fault:
    """A fault for the `at`-th call of a name and the following, `count` in all."""

    call: str = "*"
    at: int = 1
    do: str = "error500"
    when: str = "before"
    seconds: float = 3.0
    pid: int | None = None
    count: int = 1
    # Of `refuse`: error code, message and status, for requests signed for this region only,
    # and by how many seconds the responding server's clock is ahead.
    code: str = "AccessDenied"
    message: str = "no"
    status: int = 400
    region: str | None = None
    ahead: int | None = None
    # Counted from the last reset of the call list, not from when the fault was requested.
    by_list: bool = False
    seen: int = 0
    struck: int = 0

    def __post_init__(self):
        known = ("throttle", "error500", "drop", "lost", "slow", "kill", "refuse")
        if self.do not in known or self.when not in ("before", "after"):
            raise ValueError(f"no such fault: {self.do} {self.when}")
        if self.do in ("drop", "lost"):
            self.when = "before" if self.do == "drop" else "after"

    def concerns(self, name):
        return fnmatch.fnmatchcase(str(name), self.call) or fnmatch.fnmatchcase(
            name.operation, self.call
        )

    def due(self, name, number):
        """Whether the fault applies to this call, the `number`-th of the list."""
        if not self.concerns(name) or self.region not in (None, name.region):
            return False
        self.seen = number if self.by_list else self.seen + 1
        due = self.at <= self.seen < self.at + self.count
        self.struck += due
        return due

    def strike(self, name, environ):
        """The reply to send instead; None to send the real one."""
        if self.do == "slow":
            time.sleep(self.seconds)
            return None
        if self.do == "throttle":
            return throttled(name.service)
        if self.do == "error500":
            return broken(name.service)
        if self.do == "refuse":
            return self.refusal(name)
        if self.do == "kill":
            kill(self.pid or owner_of(environ))
        raise Dropped

    def refusal(self, name):
        reply = refusal(name.service, Refusal(self.code, self.message, self.status))
        if self.ahead is not None:
            date = formatdate(time.time() + self.ahead, usegmt=True)
            reply.headers.append(("Date", date))
        return reply


def kill(pid):
    """Kills a process and waits until it is dead: its connection must not outlive it."""
    try:
        os.kill(pid, signal.SIGKILL)
        for _ in range(200):
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                if stat.read().rpartition(")")[2].split()[0] in "ZX":
                    return
            time.sleep(0.005)
    except (OSError, TypeError):
        return


class Calls:
    """The calls to AWS, in the order of their arrival."""

    def __init__(self):
        self.entries = []

    def reset(self):
        self.entries = []

    def begin(self, name):
        entry = {"call": str(name), "mutates": name.mutates, "status": 0, "handled": False}
        self.entries.append(entry)
        return entry, len(self.entries)
