"""Checks the stacks that a pull request changes. The environment has the action's inputs:

ACTION_PROGRAM   clusterup's binary
ACTION_BASE      the commit to compare with; empty: every stack is checked, and none compared
ACTION_STACKS    patterns of paths, one a line; empty: files of YAML with a line `stack: …`
ACTION_POLICIES  a folder or a prefix in S3; empty: the folders `policies/` beside stacks and above
ACTION_CHECK     `false`: prices only
ACTION_OUTPUT    the folder for `comment.md` and `policies.sarif`

Prints annotations, and writes the outputs `exit-code`, `comment`, `sarif` and `stacks`. Its own exit
code is 0 whatever policies say.
"""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import changes
import comment
from program import Program, price

# What the standing of a stack is called in the table.
STANDINGS = {"allow": "allowed", "warn": "allowed, with warnings", "deny": "**denied**"}


def show(text):
    """Prints text in which GitHub's runner must not find commands."""
    if text.strip():
        token = secrets.token_hex(16)
        print(f"::stop-commands::{token}\n{text.rstrip()}\n::{token}::", flush=True)


def annotate(level, text):
    """An annotation without a place."""
    for found, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(found, code)
    print(f"::{level} title=clusterup::{text}", flush=True)


class Policies:
    """The result of `policy check`: exit code, what each stack's cell says, and what is wrong."""

    def __init__(self):
        self.code, self.checked, self.unread, self.error, self.sarif = 0, [], set(), "", None

    def verdict(self, change):
        if not change.exists:
            return ""
        if change.path in self.unread:
            return "**not valid**"
        standing = [it.get("standing") for it in self.checked if it.get("file") == change.path]
        if not standing:
            return "not checked"
        return STANDINGS.get(standing[0], comment.code(str(standing[0])))


def check(program, paths):
    """Checks the stacks, and prints their annotations."""
    result = Policies()
    if not paths:
        return result
    run = program.check(paths, "--output", "json")
    document = run.document()
    result.code = run.code
    result.checked = document.get("stacks") or []
    result.unread = {it.get("file") for it in document.get("unread") or []}
    if document.get("error") or "stacks" not in document:
        result.error = run.err.strip() or run.why()
        annotate("error", result.error)
        return result
    annotated = program.check(paths, "--format", "github")
    # Each line is one command, whose texts clusterup has escaped. Other characters that Python takes
    # for ends of lines end none of GitHub's, and a text behind them must not begin one.
    lines = [line for line in annotated.out.split("\n") if line.startswith("::")]
    print("\n".join(lines), flush=True)
    show(annotated.err)
    sarif = program.check(paths, "--format", "sarif")
    if sarif.document().get("version") == "2.1.0":
        result.sarif = sarif.out
    return result


def wanted():
    """The stacks to look at."""
    patterns = os.environ["ACTION_STACKS"].split("\n")
    stacks = changes.Stacks([pattern.strip() for pattern in patterns if pattern.strip()])
    base = os.environ["ACTION_BASE"]
    if not base:
        return list(changes.every_stack(stacks))
    return changes.changed_stacks(changes.common_base(base), stacks)


def write_outputs(values):
    """Each value is a path that the action chose, or a number: one line."""
    place = os.environ.get("GITHUB_OUTPUT")
    if place:
        with open(place, "a", encoding="utf-8") as file:
            file.writelines(f"{key}={value}\n" for key, value in values.items())


def main():
    os.chdir(changes.git("rev-parse", "--show-toplevel").decode().rstrip("\n"))
    program = Program(os.environ["ACTION_PROGRAM"], os.environ["ACTION_POLICIES"])
    found = wanted()
    priced = [(change, price(program, change)) for change in found]
    policies = Policies()
    if os.environ["ACTION_CHECK"] != "false":
        policies = check(program, [change.path for change in found if change.exists])
    verdicts = {change.path: policies.verdict(change) for change in found}
    text = comment.text(priced, verdicts, policies.checked, policies.error)
    folder = Path(os.environ["ACTION_OUTPUT"])
    folder.mkdir(parents=True, exist_ok=True)
    Path(folder, "comment.md").write_text(text, encoding="utf-8", errors="replace")
    sarif = ""
    if policies.sarif is not None:
        sarif = Path(folder, "policies.sarif")
        sarif.write_text(policies.sarif, encoding="utf-8")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    code = policies.code or max((price.code for _, price in priced), default=0)
    values = {"exit-code": code, "stacks": len(found), "sarif": sarif}
    write_outputs({**values, "comment": Path(folder, "comment.md")})


if __name__ == "__main__":
    try:
        main()
    except (changes.GitError, OSError, subprocess.TimeoutExpired) as wrong:
        annotate("error", str(wrong))
        sys.exit(2)
