"""What costs money besides clusters: notebooks that run, and the age of volumes."""

from dataclasses import dataclass
from datetime import timedelta

import account
from paging import page
from replies import json_reply


@dataclass
class Notebook:
    id: str
    name: str
    region: str
    cluster: str
    started: float
    status: str

    def shown(self):
        return {
            "NotebookExecutionId": self.id,
            "EditorId": "e-1AB2CD3EF4GH5IJ6KL7MN8OP9",
            "NotebookExecutionName": self.name,
            "Status": self.status,
            "StartTime": round(self.started, 3),
            "ExecutionEngineId": self.cluster,
        }


def notebook(world, body):
    """Somebody runs a notebook on a cluster."""
    world.notebooks.append(
        Notebook(
            body["id"],
            body["name"],
            body.get("region", "us-east-1"),
            body["cluster"],
            world.clock.now() - body["started"],
            body.get("status", "RUNNING"),
        )
    )


def list_notebooks(world, region, body):
    """EMR API, ListNotebookExecutions: those that began in the last 30 days."""
    since = body.get("From", world.clock.now() - 30 * 86_400)
    found = [
        one
        for one in world.notebooks
        if one.region == region
        and one.started >= since
        and body.get("Status") in (None, one.status)
    ]
    return page(found, body.get("Marker"), "NotebookExecutions", Notebook.shown)


def age_volume(_, body):
    """moto creates volumes now."""
    volume = account.ec2(body.get("region", "us-east-1")).volumes[body["id"]]
    volume.create_time -= timedelta(seconds=body["older"])


def leave_volume(cluster):
    """A volume of the cluster stays, attached to nothing."""
    volume = account.ec2(cluster.region).create_volume(64, f"{cluster.region}a", volume_type="gp2")
    volume.add_tag("aws:elasticmapreduce:job-flow-id", cluster.id)


def occupy(world, body):
    """An application of EMR Serverless has a job that runs."""
    world.busy_applications.add(body["id"])


def job_runs(world, path):
    """moto knows no application without jobs."""
    application = path.split("/")[2]
    if application not in world.busy_applications:
        return json_reply({"jobRuns": []})
    return json_reply({"jobRuns": [{"applicationId": application, "id": "00job", "state": "RUNNING"}]})
