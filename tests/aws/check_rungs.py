"""Checks of safeguards: schedules that fire, primaries that power off."""

import json
from datetime import UTC, datetime, timedelta

TERMINATE = "arn:aws:scheduler:::aws-sdk:emr:terminateJobFlows"
ROLE = "arn:aws:iam::123456789012:role/clusterup-reaper"


def schedule(aws, cluster, minutes, **more):
    """The arguments of a schedule, and the seconds until its minute starts."""
    now = datetime.fromtimestamp(aws.ask("/_double/clock")["now"], UTC)
    at = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    target = {"Arn": TERMINATE, "RoleArn": ROLE, "Input": json.dumps({"JobFlowIds": [cluster]})}
    target["RetryPolicy"] = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 20}
    order = {
        "Name": f"end-{cluster}",
        "ScheduleExpression": at.strftime("at(%Y-%m-%dT%H:%M:%S)"),
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": target | more,
    }
    return order, (at - now).total_seconds()


def schedules(aws):
    scheduler = aws.client("scheduler")
    cluster = aws.ready()
    order, wait = schedule(aws, cluster, 60)
    create, update = scheduler.create_schedule, scheduler.update_schedule
    aws.refused("ResourceNotFoundException", update, **order)
    for wrong in ({"RoleArn": ROLE + "-no"}, {"RoleArn": ROLE.replace("clusterup-reaper", "x")}):
        found = aws.refused("ValidationException", create, **schedule(aws, cluster, 9, **wrong)[0])
        aws.equal("must allow AWS EventBridge Scheduler" in str(found), True, "why")
    wrong = order | {"ScheduleExpression": "at(2026-01-01T00:00:00Z)"}
    aws.refused("ValidationException", create, **wrong)
    create(**order)
    aws.refused("ConflictException", create, **order)
    shown = aws.ask("/_double/schedules")
    aws.equal([one["name"] for one in shown], [f"end-{cluster}"], "schedules")
    aws.equal((shown[0]["after"], shown[0]["tried"]), ("DELETE", 3600), "what it says")
    order, wait = schedule(aws, cluster, 120)
    update(**order)
    aws.advance(wait - 5)
    aws.equal(aws.state(cluster), "WAITING", "before its time")
    aws.advance(65)
    aws.equal(aws.status(cluster)["StateChangeReason"]["Code"], "USER_REQUEST", "reason")
    aws.equal(aws.ask("/_double/schedules"), [], "gone when it has fired")


def vain_schedules(aws):
    """AWS checks neither target nor input before a schedule fires, and retries for an hour."""
    scheduler = aws.client("scheduler")
    for wrong in (
        {"Arn": TERMINATE.replace("terminate", "Terminate")},
        {"Input": "{\"jobFlowIds\": []}"},
        {"Input": "no"},
    ):
        cluster = aws.ready()
        order, wait = schedule(aws, cluster, 10, **wrong)
        scheduler.create_schedule(**order)
        aws.advance(wait + 60)
        aws.equal(aws.state(cluster), "WAITING", f"fired into nothing: {wrong}")
        aws.equal(aws.ask("/_double/schedules"), [], "gone all the same")
    order, wait = schedule(aws, cluster, 10)
    scheduler.create_schedule(**order)
    protect = aws.emr.set_termination_protection
    protect(JobFlowIds=[cluster], TerminationProtected=True)
    aws.advance(wait + 600)
    aws.equal(len(aws.ask("/_double/schedules")), 1, "tried again")
    protect(JobFlowIds=[cluster], TerminationProtected=False)
    aws.advance(61)
    aws.equal(aws.status(cluster)["StateChangeReason"]["Code"], "USER_REQUEST", "reason")
    aws.equal(aws.ask("/_double/schedules"), [], "gone")
    cluster = aws.ready()
    order, wait = schedule(aws, cluster, 10)
    scheduler.create_schedule(**order)
    aws.post("roles/remove", {"name": "clusterup-reaper"})
    order["Name"] = "other"
    aws.refused("ValidationException", scheduler.create_schedule, **order)
    aws.advance(wait + 3700)
    aws.equal(aws.state(cluster), "WAITING", "without its role")
    aws.equal(aws.ask("/_double/schedules"), [], "given up")
    aws.post("roles", {})


def power_off(aws):
    key = "stacks/x/deadline"
    script = {"Path": "s3://clusterup-b/x/power-off.sh", "Args": ["600", f"s3://clusterup-b/{key}"]}
    actions = [{"Name": "end", "ScriptBootstrapAction": script}]
    aws.s3.put_object(Bucket="clusterup-b", Key="x/power-off.sh", Body=b"#!/bin/sh")
    cluster = aws.ready(BootstrapActions=actions)
    reported = aws.emr.list_bootstrap_actions(ClusterId=cluster)["BootstrapActions"]
    wanted = [{"Name": "end", "ScriptPath": script["Path"], "Args": script["Args"]}]
    aws.equal(reported, wanted, "bootstrap actions")
    aws.advance(500)
    # The primary reads the object each minute, and keeps the last number that it could read.
    for text in ("900\n", "soon", ""):
        aws.s3.put_object(Bucket="clusterup-b", Key=key, Body=text.encode())
        aws.advance(61)
        aws.equal(aws.state(cluster), "WAITING", f"later, after {text!r}")
    aws.s3.delete_object(Bucket="clusterup-b", Key=key)
    aws.advance(61)
    aws.equal(aws.state(cluster), "WAITING", "the last number stays")
    aws.advance(157)
    aws.equal(aws.state(cluster).startswith("TERMINAT"), True, "off")
    aws.advance(20)
    status = aws.status(cluster)
    aws.equal(status["State"], "TERMINATED_WITH_ERRORS", "state")
    aws.equal(status["StateChangeReason"]["Code"], "INSTANCE_FAILURE", "reason")
    cluster = aws.ready(BootstrapActions=actions)
    aws.s3.put_object(Bucket="clusterup-b", Key=key, Body=b"60")
    aws.advance(61)
    aws.equal(aws.state(cluster).startswith("TERMINAT"), True, "sooner")
