"""A git repository in a temporary folder, in which the action's scripts run as its steps run them."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "deploy/github-action"
POLICY = "policy: small\napplies_to: { teams: [recsys] }\nlimits: { nodes: 4 }\n"


def stack(name="t", nodes=3, more=""):
    return (
        f"stack: {name}\nteam: recsys\nregion: us-east-1\n"
        f"cluster: {{ release: emr-7.x, size: {nodes} x m5.xlarge }}\n{more}"
    )


class Done:
    """What a step did: its code, output, outputs of the step, and the files that it wrote."""

    def __init__(self, code, out, outputs, folder):
        self.code, self.out, self.outputs, self.folder = code, out, outputs, folder

    @property
    def comment(self):
        return Path(self.outputs["comment"]).read_text(encoding="utf-8")

    @property
    def sarif(self):
        return json.loads(Path(self.outputs["sarif"]).read_text(encoding="utf-8"))

    def commands(self):
        """The workflow commands that GitHub's runner finds: a line that begins with `::`, unless
        commands are stopped, and `##[` anywhere in a line."""
        found, stopped = [], None
        for line in self.out.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            line = line.strip()
            if stopped:
                stopped = None if line == f"::{stopped}::" else stopped
            elif line.startswith("::stop-commands::"):
                stopped = line.removeprefix("::stop-commands::")
            elif line.startswith("::") or "##[" in line:
                found.append(line)
        assert stopped is None, "commands stay stopped"
        return found

    def row(self, path):
        """The cells of a stack's row."""
        rows = [line for line in self.comment.split("\n") if line.startswith(f"| `{path}`")]
        assert len(rows) == 1, (path, self.comment)
        return [cell.strip() for cell in rows[0].strip("|").split("|")]


class Repository(unittest.TestCase):
    """Each test has a repository whose first commit has a policy."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name, "repository")
        self.path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("policies/small.yaml", POLICY)

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8", newline="")

    def git(self, *args):
        # Nobody's own settings: names of branches, hooks, signatures.
        hermetic = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        done = subprocess.run(
            ("git", *who, *args), cwd=self.path, env=hermetic, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def step(self, script, environment):
        """Runs a script of the action; its output and errors in one stream, as in a job's log."""
        with tempfile.NamedTemporaryFile(dir=self.folder.name, delete=False) as outputs:
            pass
        done = subprocess.run(
            (sys.executable, ACTION / script),
            cwd=self.path,
            env={**os.environ, "GITHUB_OUTPUT": outputs.name, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        lines = Path(outputs.name).read_text(encoding="utf-8").split("\n")
        pairs = dict(line.split("=", 1) for line in lines if line)
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"), pairs, self.folder)

    def check(self, base, **inputs):
        report = Path(self.folder.name, "report")
        environment = {
            "ACTION_PROGRAM": os.environ["CLUSTERUP"],
            "ACTION_BASE": base,
            "ACTION_STACKS": "",
            "ACTION_POLICIES": "",
            "ACTION_CHECK": "true",
            "ACTION_OUTPUT": str(report),
            "GITHUB_STEP_SUMMARY": str(Path(self.folder.name, "summary.md")),
            "XDG_CACHE_HOME": str(Path(self.folder.name, "cache")),
        }
        return self.step("check.py", {**environment, **inputs})
