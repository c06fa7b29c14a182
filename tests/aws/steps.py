"""Steps: what they do while they run, and what they write to S3."""

from dataclasses import dataclass

import spark
from ids import new_id
from places import last_bucket

DONE = ("COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED")


@dataclass
class Upload:
    """An object that appears in S3 later."""

    at: float
    bucket: str
    key: str
    body: bytes


class Step:
    def __init__(self, cluster, spec, created):
        self.cluster, self.spec, self.created = cluster, spec, created
        self.id = new_id("s")
        self.name = spec["Name"]
        self.on_failure = spec.get("ActionOnFailure", "TERMINATE_CLUSTER")
        self.jar = spec["HadoopJarStep"]["Jar"]
        self.args = spec["HadoopJarStep"].get("Args", [])
        self.state, self.started, self.ended = "PENDING", None, None
        # Of a running step; None while a process runs.
        self.ends_at = None
        # The outcome that a test defined or that the process had.
        self.outcome = {}
        self.run = None

    def start(self, when):
        world = self.cluster.world
        self.state, self.started = "RUNNING", when
        rule = rule_for(world, self.name)
        if rule is None and world.mode == "spark" and spark.runs(self):
            self.run = world.spark.start(self)
            return
        self.outcome = rule or {}
        usual = self.slept() or world.durations["step"]
        self.ends_at = when + float(self.outcome.get("seconds", usual))

    def slept(self):
        """The seconds of `sleep`, which takes as long as it says."""
        return float(self.args[1]) if self.args[:1] == ["sleep"] else None

    def end(self, when):
        """Ends the step with its outcome."""
        self.state = self.outcome.get("state", "COMPLETED")
        self.close(when)
        bucket = last_bucket(self.args)
        for key, text in self.outcome.get("writes", {}).items():
            self.cluster.world.upload(Upload(when, bucket, key, text.encode()))

    def stop(self, when, cancelled=False):
        """Ends the step from outside; does nothing if it has ended."""
        if self.state in DONE:
            return
        self.kill()
        if self.run is not None:
            self.outcome = self.run.printed()
        started = self.state == "RUNNING"
        self.state = "INTERRUPTED" if started and not cancelled else "CANCELLED"
        self.close(when)

    def kill(self):
        if self.run is not None:
            self.run.kill()

    def close(self, when):
        self.ended, self.ends_at = when, None
        if self.started is None:
            return
        logs = {f"steps/{self.id}/{name}": text for name, text in self.logs().items()}
        self.cluster.upload_logs(when, logs)
        containers = self.outcome.get("containers", {})
        logs = {f"containers/{name}": text for name, text in containers.items()}
        self.cluster.upload_logs(when + float(self.outcome.get("late", 0)), logs)

    def logs(self):
        code = self.outcome.get("exit", 0 if self.state == "COMPLETED" else 1)
        how = "succeeded" if self.state == "COMPLETED" else "failed"
        took = round(self.ended - self.started)
        started = f"INFO startExec 'hadoop jar {self.jar} {' '.join(self.args)}'\n"
        ended = f"INFO Step {how} with exitCode {code} and took {took} seconds\n"
        out, err = self.outcome.get("stdout", ""), self.outcome.get("stderr", "")
        return {"controller": started + ended, "stdout": out, "stderr": err}

    def log_folder(self):
        log_uri = self.cluster.spec.get("LogUri")
        if not log_uri:
            return None
        return f"{log_uri.rstrip('/')}/{self.cluster.id}/steps/{self.id}/"

    def failure(self):
        """Why the step failed, as far as EMR reports it."""
        if self.state != "FAILED":
            return None
        folder = self.log_folder()
        details = {
            "Reason": self.outcome.get("reason", "Unknown Error."),
            "Message": self.outcome.get("message"),
            "LogFile": f"{folder}stderr.gz" if folder else None,
        }
        return {key: value for key, value in details.items() if value}


def rule_for(world, name):
    """The first unused rule of a test that matches this step."""
    for rule in world.rules:
        if rule.get("match", "") in name and rule.get("times", 1) > 0:
            if "times" in rule:
                rule["times"] -= 1
            return rule
    return None
