"""Clusters that somebody else created, of any age and in any state."""

import account
from life import Cluster

HELD = ("STARTING", "BOOTSTRAPPING", "TERMINATING")


def make(world, body):
    """Returns its id. `created`, `ready`, `ended` and steps' times are in seconds before now."""
    now = world.clock.now()
    state = body.get("state", "WAITING")
    groups = body.get("groups", [["MASTER", "m5.xlarge", 1], ["CORE", "m5.xlarge", 2]])
    spec = {
        "Name": body["name"],
        "ReleaseLabel": body.get("release", account.release_labels("us-east-1")[0]),
        "Applications": [
            {"Name": name} for name in body.get("applications", ["Hadoop", "Spark"])
        ],
        "ServiceRole": "EMR_DefaultRole",
        "JobFlowRole": "EMR_EC2_DefaultRole",
        "Tags": [{"Key": key, "Value": tag} for key, tag in body.get("tags", {}).items()],
        "StepConcurrencyLevel": body.get("concurrency", 1),
        "AutoTerminationPolicy": body.get("policy"),
        "SecurityConfiguration": body.get("security"),
        "Instances": {
            **machines_of(groups, body.get("fleet", False)),
            "KeepJobFlowAliveWhenNoSteps": body.get("keep_alive", True),
            "TerminationProtected": body.get("protected", False),
        },
    }
    cluster = Cluster(world, body.get("region", "us-east-1"), spec)
    cluster.id = body.get("id", cluster.id)
    created = now - body.get("created", 3600)
    cluster.created = cluster.moved = cluster.policy_set = created
    for group in cluster.groups:
        group.created = created
    up = state not in ("STARTING", "BOOTSTRAPPING")
    if up:
        cluster.ready = now - body["ready"] if "ready" in body else min(now, created + 90)
        for group in cluster.groups:
            group.become("RUNNING", cluster.ready)
    add_steps(cluster, body.get("steps", []), now)
    cluster.state = state
    # Transitional states do not change unless a test changes them.
    cluster.since = float("inf") if state in HELD else max(cluster.ready or created, created)
    if state.startswith("TERMINATED"):
        end(cluster, now - body.get("ended", 0), body.get("code", "USER_REQUEST"))
    world.clusters[cluster.id] = cluster
    return {"id": cluster.id}


def machines_of(groups, are_fleets):
    if are_fleets:
        fleets = [
            {
                "InstanceFleetType": role,
                "TargetOnDemandCapacity": count,
                "InstanceTypeConfigs": [{"InstanceType": kind}],
            }
            for role, kind, count in groups
        ]
        return {"InstanceFleets": fleets}
    named = [
        {"InstanceRole": role, "InstanceType": kind, "InstanceCount": count}
        for role, kind, count in groups
    ]
    return {"InstanceGroups": named}


def end(cluster, when, code):
    cluster.ended = cluster.since = when
    cluster.reason = {"Code": code, "Message": "as somebody said"}
    for group in cluster.groups:
        group.become("TERMINATED", when)


def add_steps(cluster, steps, now):
    """Steps, oldest first. A running step runs until something ends it."""
    for one in steps:
        action = one.get("on_failure", "CONTINUE")
        jar = {"Jar": "command-runner.jar", "Args": one.get("args", ["spark-submit", "s3://b/a.py"])}
        spec = {"Name": one["name"], "ActionOnFailure": action, "HadoopJarStep": jar}
        step = cluster.add_steps([spec])[0]
        step.state = one.get("state", "PENDING")
        step.created = now - one.get("created", one.get("started", 0))
        step.started = now - one["started"] if "started" in one else None
        step.ended = now - one["ended"] if "ended" in one else None


def change(world, body):
    """Changes a cluster's tags, protection and steps as somebody else would."""
    cluster = world.clusters[body["id"]]
    cluster.tags |= body.get("tags", {})
    for key in body.get("untag", []):
        cluster.tags.pop(key, None)
    cluster.protected = body.get("protected", cluster.protected)
    cluster.created -= body.get("older", 0)
    add_steps(cluster, body.get("steps", []), world.clock.now())
    for one in cluster.steps:
        if one.name in body.get("end_steps", []):
            one.ended, one.ends_at, one.state = world.clock.now(), None, "COMPLETED"
            # The next step starts now, not at the time when it could have started.
            cluster.moved = one.ended
