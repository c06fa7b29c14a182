"""EventBridge Scheduler: what AWS refuses and moto does not, and schedules that fire.

moto stores schedules and never fires them. Here they fire by the double's clock, and as with AWS,
target and input are not checked before.
"""

import json
import re
from datetime import UTC, datetime
from urllib.parse import unquote

import account
import emr
from replies import Refusal

TERMINATE = "arn:aws:scheduler:::aws-sdk:emr:terminateJobFlows"
PROTECT = "arn:aws:scheduler:::aws-sdk:emr:setTerminationProtection"
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
MINUTE = 60
ASSUME = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


def refuse(name, path, body):
    """Raises what AWS refuses. Otherwise makes an update reset the fields that moto keeps."""
    if name.service != "scheduler" or name.operation not in WRITES:
        return
    asked, last = json.loads(body or b"{}"), unquote(path.rpartition("/")[2])
    held = account.default_schedules(name.region)
    if not AT.fullmatch(asked["ScheduleExpression"]):
        expression = asked["ScheduleExpression"]
        raise Refusal("ValidationException", f"Invalid Schedule Expression {expression}.")
    role = asked["Target"]["RoleArn"]
    if "scheduler.amazonaws.com" not in account.trust(role):
        raise Refusal("ValidationException", ASSUME)
    if name.operation == "UpdateSchedule":
        if last not in held.schedules:
            raise lost(f"Schedule {last}")
        after = asked.get("ActionAfterCompletion", "NONE")
        held.schedules[last].action_after_completion = after


WRITES = ("CreateSchedule", "UpdateSchedule")


def lost(what):
    return Refusal("ResourceNotFoundException", f"{what} does not exist.", 404)


def at(schedule):
    begins = datetime.fromisoformat(AT.fullmatch(schedule.schedule_expression)[1])
    return begins.replace(tzinfo=UTC).timestamp()


def due(world, schedule, now):
    """When the schedule fires next; None if its time had passed when it was set."""
    version = (schedule.schedule_expression, schedule.last_modified_date)
    if getattr(schedule, "version", None) != version:
        schedule.version = version
        begins = at(schedule)
        late = world.durations["schedule"]
        schedule.due = max(begins + late, now) if begins + MINUTE > now else None
    return None if schedule.state == "DISABLED" else schedule.due


def catch_up(world, now):
    """Fires due schedules, each at its time, in order with all other events."""
    while True:
        waiting = [
            (when, group.name, schedule.name, region, group, schedule)
            for region, group, schedule in account.schedules()
            if (when := due(world, schedule, now)) is not None and when <= now
        ]
        if not waiting:
            return
        when, _, _, region, group, schedule = min(waiting, key=lambda one: one[:4])
        for cluster in world.clusters.values():
            cluster.catch_up(when)
        fire(world, region, group, schedule, when)


def fire(world, region, group, schedule, when):
    tried = schedule.target["RetryPolicy"]["MaximumEventAgeInSeconds"]
    if not made(world, region, schedule, when) and when < at(schedule) + tried:
        schedule.due = when + MINUTE
    elif schedule.action_after_completion == "DELETE" and "fired_schedule" not in world.false:
        group.delete_schedule(schedule.name)
    else:
        schedule.due = None


def made(world, region, schedule, when):
    """Whether the call is finished: it succeeded, or failed for good."""
    ids, protected = named(schedule), protection(schedule)
    if ids is None or "schedule" in world.false:
        return True
    call = "TerminateJobFlows" if protected is None else "SetTerminationProtection"
    if call not in account.permissions(schedule.target["RoleArn"]):
        return False
    try:
        clusters = emr.listed(world, region, ids)
    except Refusal:
        return False
    if protected is not None:
        for cluster in clusters:
            cluster.protected = protected
        return True
    for cluster in clusters:
        if not cluster.protected:
            cluster.terminate(when)
    return not any(cluster.protected and cluster.live for cluster in clusters)


def named(schedule):
    """The clusters that the schedule's call names; none if AWS could not make the call."""
    try:
        ids = json.loads(schedule.target.get("Input", ""))["JobFlowIds"]
    except (ValueError, KeyError, TypeError):
        return None
    good = isinstance(ids, list) and all(isinstance(one, str) for one in ids)
    if schedule.target["Arn"] == PROTECT and protection(schedule) is None:
        return None
    return ids if good and schedule.target["Arn"] in (TERMINATE, PROTECT) else None


def protection(schedule):
    """The protection that the schedule sets; None if it sets none."""
    if schedule.target["Arn"] != PROTECT:
        return None
    try:
        protected = json.loads(schedule.target.get("Input", ""))["TerminationProtected"]
    except (ValueError, KeyError, TypeError):
        return None
    return protected if isinstance(protected, bool) else None


def shown(region, group, schedule):
    return {
        "region": region,
        "group": group.name,
        "name": schedule.name,
        "at": datetime.fromtimestamp(at(schedule), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "target": schedule.target["Arn"],
        "input": schedule.target.get("Input"),
        "role": schedule.target["RoleArn"],
        "after": schedule.action_after_completion,
        "tried": schedule.target["RetryPolicy"]["MaximumEventAgeInSeconds"],
    }
