"""Runs clusterup as a task of a scheduler does. Nothing here needs Airflow."""

import json
import logging
import os
import signal
import subprocess
import threading
from datetime import datetime, timezone
from decimal import Decimal

log = logging.getLogger(__name__)

# How long clusterup may take to leave its cluster to the guardrails after an interrupt.
SECONDS_TO_STOP = 30

# Exit codes after which the same command fails again, or would spend a budget a second time.
FINAL = {
    2: "the input is wrong",
    3: "a policy, a budget or a ceiling does not allow it",
    5: "a guardrail ended the cluster",
}
OTHER = {1: "it failed", 4: "the job failed", 130: "it was interrupted"}


class Failed(Exception):
    """clusterup failed; the same command may succeed later."""

    def __init__(self, code, document):
        self.code, self.document = code, document
        error = document.get("error") or {}
        why = FINAL.get(code) or OTHER.get(code) or "it ended unexpectedly"
        lines = [f"clusterup: {why} (exit code {code})", error.get("message")]
        lines += [f"because: {cause}" for cause in error.get("causes") or []]
        lines += [f"next: {command}" for command in error.get("next") or []]
        super().__init__("\n".join(line for line in lines if line))


class Final(Failed):
    """clusterup failed, and a retry is of no use."""


class Run:
    """One run of clusterup, which another thread or a handler of signals can stop."""

    def __init__(self, program=None):
        self.program = program or os.environ.get("CLUSTERUP_PROGRAM", "clusterup")
        self.process = None

    def __call__(self, *args):
        """Returns the document of a command. Its messages go to the log as they come.

        Raises `Failed`, or `Final` if a retry is of no use.
        """
        command = (self.program, "--output", "json", "--no-input", *args)
        # In a session of its own: a signal to the task's processes does not end it half-way.
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        messages = threading.Thread(target=self._log, args=(self.process.stderr,), daemon=True)
        messages.start()
        try:
            out = self.process.stdout.read()
            code = self.process.wait()
        except BaseException:
            self.stop()
            raise
        messages.join()
        return answer(code, out)

    @staticmethod
    def _log(lines):
        for line in lines:
            log.info("%s", line.rstrip())

    def stop(self):
        """Interrupts a command: `apply` leaves its cluster to the guardrails, which end it."""
        process = self.process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()

    def destroy(self, stack):
        """Stops the command, and ends the stack's clusters without waiting for their end."""
        self.stop()
        subprocess.Popen(
            (self.program, "destroy", "--yes", "--", stack),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def answer(code, out):
    """The document, if the command succeeded."""
    try:
        document = json.loads(out, parse_float=Decimal)
    except ValueError:
        document = {}
    if code == 0 and document.get("format") == 1:
        return document
    # Killed by a signal, a process has a negative code.
    raise (Final if code in FINAL else Failed)(code if code else 1, document)


def apply(stack, *, sets=(), again=False, region=None, run=None):
    """Creates the cluster, runs the job, downloads the results and ends the cluster.

    Repeated, it follows a job that still runs, and does nothing more about one that has succeeded,
    unless `again`. `region` is for the report of its cost, where it is not the profile's. Returns what
    other tasks need, as plain values.
    """
    run = run or Run()
    options = [f"--set={value}" for value in sets] + (["--again"] if again else [])
    document = run("apply", "--yes", *options, "--", stack)
    cluster = document.get("cluster") or {}
    return {
        "stack": document["stack"],
        "cluster": cluster.get("id"),
        "results": document.get("results"),
        "cost_usd": cost(document["stack"], cluster, region, run),
    }


def cost(stack, cluster, region, run):
    """What the stack has cost since this cluster was created, in dollars; `None` if unknown."""
    if not cluster.get("created_at"):
        return None
    # Without the fraction of a second, whose digits vary; it is in UTC.
    created = datetime.fromisoformat(f"{cluster['created_at'][:19]}+00:00")
    age = datetime.now(timezone.utc) - created
    # A little more, because the report is made a moment later.
    since = ("--since", f"{int(age.total_seconds()) + 5}s")
    place = ("--region", region) if region else ()
    try:
        document = run("cost", "report", "--by", "stack", *since, *place)
    except Failed as failed:
        # The job has succeeded, whatever is known of its price.
        log.warning("the cost is unknown: %s", failed)
        return None
    rows = [row for row in document["report"]["rows"] if row["key"] == stack]
    return float(sum(row["total"]["usd"] for row in rows)) if rows else None


def adopt(cluster, *, max_lifetime, budget, idle_timeout=None, team=None, owner=None, run=None):
    """Gives guardrails to a living cluster that others created, such as `j-…` of an operator of EMR.

    Repeated, it adds what is missing. Returns when the cluster will end.
    """
    run = run or Run()
    given = {"idle-timeout": idle_timeout, "team": team, "owner": owner}
    limits = [f"--max-lifetime={max_lifetime}", f"--budget={budget}"]
    limits += [f"--{name}={value}" for name, value in given.items() if value is not None]
    document = run("adopt", "--yes", *limits, "--", cluster)
    deadline = document["plan"]["deadline"]
    return {"cluster": cluster, "ends_at": deadline["at"], "because_of": deadline["cause"]}
