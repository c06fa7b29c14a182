"""EMR: the steps of a cluster."""

import launch
import shapes
from launch import invalid
from paging import page
from replies import Refusal

MOST_ACTIVE = 256


def list_steps(cluster, body):
    """Newest first."""
    ids, states = body.get("StepIds"), body.get("StepStates")
    if ids and len(ids) > 10:
        raise invalid("1 validation error detected: Value at 'stepIds' has more than 10 members")
    if ids:
        for step_id in ids:
            known(cluster, step_id)
    found = [
        step
        for step in reversed(cluster.steps)
        if (not ids or step.id in ids) and (not states or step.state in states)
    ]
    return page(found, body.get("Marker"), "Steps", shapes.step)


def describe_step(cluster, body):
    return {"Step": shapes.step(known(cluster, body.get("StepId")))}


def known(cluster, step_id):
    for step in cluster.steps:
        if step.id == step_id:
            return step
    raise Refusal(
        "InvalidRequestException", f"Step id '{step_id}' is not valid.", ErrorCode="NoSuchStep"
    )


def add_job_flow_steps(cluster, body):
    wanted = body.get("Steps", [])
    if not cluster.live:
        raise invalid(
            "A job flow that is shutting down, terminated, or finished may not be modified."
        )
    active = sum(step.state in ("PENDING", "RUNNING") for step in cluster.steps)
    if active + len(wanted) > MOST_ACTIVE:
        raise invalid(
            "Maximum number of active steps(State = 'Running', 'Pending' or 'Cancel_Pending') "
            "for cluster exceeded."
        )
    for step in wanted:
        launch.check_step(step, cluster.concurrency)
    if "repeated_call" in cluster.world.false:
        names = [step["Name"] for step in wanted]
        known = [step.id for step in cluster.steps if step.name in names]
        if len(known) == len(names):
            return {"StepIds": known}
    return {"StepIds": [step.id for step in cluster.add_steps(wanted)]}


def cancel_steps(cluster, body):
    """A cancelled step has not failed, so the following steps run."""
    now = cluster.world.clock.now()
    reported = []
    for step_id in body.get("StepIds", []):
        step = known(cluster, step_id)
        if step.state in ("PENDING", "RUNNING"):
            step.stop(now, cancelled=True)
            cluster.moved = now
            reported.append({"StepId": step_id, "Status": "SUBMITTED"})
        else:
            reason = f"Step {step_id} is already in state {step.state}"
            reported.append({"StepId": step_id, "Status": "FAILED", "Reason": reason})
    return {"CancelStepsInfoList": reported}
