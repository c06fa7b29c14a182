"""Runs clusterup and reads its documents."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

SECONDS = 300


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    def document(self):
        """The document on standard output, or an empty one."""
        try:
            found = json.loads(self.out, parse_float=Decimal)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def why(self):
        """Why it failed, in a line."""
        error = self.document().get("error") or {}
        found = error.get("diagnostics") or []
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return f"line {found[0].get('line')}: {found[0].get('message')}{more}"
        return str(error.get("message") or f"clusterup ended with exit code {self.code}")


def usd(value):
    """An amount of a document, `{"usd": 0.1}` or `{"usd_per_hour": 0.1}`. `None` if it is unknown."""
    if not isinstance(value, dict):
        return None
    amount = value.get("usd", value.get("usd_per_hour"))
    return None if amount is None else Decimal(amount)


def nodes(value):
    """Nodes of a document, such as `2 x m5.xlarge`."""
    if not isinstance(value, dict):
        return "none"
    return f"{value.get('count')} x {value.get('instance_type')}"


class Program:
    """clusterup as this action runs it: without a ledger, and without colour."""

    def __init__(self, binary, policies):
        self.binary, self.policies = binary, policies
        self.state = tempfile.mkdtemp(prefix="clusterup-state-")

    def run(self, *args):
        environment = {**os.environ, "NO_COLOR": "1", "XDG_STATE_HOME": self.state}
        # Input of the action, and no token, which clusterup does not need.
        for key in ("ACTION_TOKEN", "GITHUB_TOKEN", "CLUSTERUP_POLICIES"):
            environment.pop(key, None)
        done = subprocess.run(
            (self.binary, *args),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            env=environment,
            check=False,
        )
        texts = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return Run(done.returncode, *texts)

    def check(self, paths, *args):
        """`policy check` of these stacks."""
        place = ("--policies", self.policies) if self.policies else ()
        return self.run("policy", "check", *place, *args, "--", *paths)

    def estimate(self, path, old=None):
        """`cost estimate` of a stack, compared with an older version if there is one."""
        compared = ("--compare", old) if old else ()
        return self.run("cost", "estimate", *compared, "--output", "json", "--", path)


@dataclass(frozen=True)
class Price:
    """What a stack costs before and after a change, in dollars; why, where that is unknown."""

    before: Decimal | None = None
    after: Decimal | None = None
    at_most: Decimal | None = None
    before_unknown: str | None = None
    after_unknown: str | None = None
    groups: tuple = ()
    # The exit code of the newer version's estimate.
    code: int = 0


def price(program, change):
    """The price of a stack before and after a change."""
    with tempfile.TemporaryDirectory() as folder:
        old = None
        if change.before is not None:
            old = str(Path(folder, "before.yaml"))
            Path(old).write_bytes(change.before)
        if old and change.exists:
            both = program.estimate(change.path, old)
            if both.code == 0:
                return compared(both.document())
        before, _ = alone(program, old)
        after, code = alone(program, change.path if change.exists else None)
        unknown = (before.after_unknown, after.after_unknown)
        return Price(before.after, after.after, after.at_most, *unknown, code=code)


def alone(program, path):
    """The price of one version as if it were new, and the exit code of its estimate."""
    if path is None:
        return Price(), 0
    run = program.estimate(path)
    if run.code != 0:
        return Price(after_unknown=run.why()), run.code
    document = run.document()
    hourly = usd((document.get("estimate") or {}).get("hourly"))
    return Price(after=hourly, at_most=usd((document.get("worst") or {}).get("cost"))), 0


def compared(document):
    comparison = document.get("comparison") or {}
    worst = usd((document.get("worst") or {}).get("cost"))
    groups = tuple(changed_group(group) for group in comparison.get("groups") or [])
    lines = tuple(line for line in groups if line)
    return Price(usd(comparison.get("old")), usd(comparison.get("new")), worst, groups=lines)


def changed_group(group):
    """Such as `core: 2 x m5.xlarge -> 4 x m5.xlarge, +$0.5108/h`; `None` if its price is the same."""
    difference = usd(group.get("difference"))
    if not difference:
        return None
    old, new = (nodes((group.get(key) or {}).get("nodes")) for key in ("old", "new"))
    sign = "+" if difference > 0 else "-"
    what = new if old == new else f"{old} -> {new}"
    return f"{group.get('role')}: {what}, {sign}${abs(difference):.4f}/h"
