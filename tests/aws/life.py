"""The life cycle of a cluster: its states, its step queue, and why it ends.

A cluster is a list of events at known times; `catch_up` applies those that are due, one after the
other, each at its own time. So advancing the clock by an hour has the same result as waiting for
an hour.
"""

import gzip
from functools import partial

import machines
import power_off
import subnets
import unused
from ids import new_id
from places import split
from steps import Step, Upload

LIVE = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
GONE = ("TERMINATED", "TERMINATED_WITH_ERRORS")


class Cluster:
    def __init__(self, world, region, spec, failure=None):
        self.world, self.region, self.spec, self.failure = world, region, spec, failure
        self.id = new_id("j")
        self.name = spec["Name"]
        self.tags = {tag["Key"]: tag.get("Value", "") for tag in spec.get("Tags", [])}
        instances = spec["Instances"]
        self.keep_alive = instances.get("KeepJobFlowAliveWhenNoSteps", False)
        self.protected = instances.get("TerminationProtected", False)
        self.concurrency = spec.get("StepConcurrencyLevel", 1)
        self.policy = spec.get("AutoTerminationPolicy")
        self.power_off = power_off.ordered(spec)
        now = world.clock.now()
        self.created = self.since = self.moved = self.policy_set = now
        self.ready = self.ended = self.launched = None
        self.state, self.reason, self.details = "STARTING", {}, []
        self.ends_with_errors = False
        self.groups = machines.roles(instances, now)
        self.scaling = spec.get("ManagedScalingPolicy")
        self.steps = []
        self.add_steps(spec.get("Steps", []))

    @property
    def live(self):
        return self.state in LIVE

    @property
    def is_fleet(self):
        return bool(self.spec["Instances"].get("InstanceFleets"))

    def instances(self):
        return [one for group in self.groups for one in group.instances]

    def groups_of_ec2(self):
        instances = self.spec["Instances"]
        return subnets.named_groups(instances)

    def add_steps(self, specs):
        now = self.world.clock.now()
        added = [Step(self, spec, now) for spec in specs]
        self.steps += added
        return added

    def catch_up(self, now):
        while (event := self.next_event()) and event[0] <= now:
            when, happen = event
            happen(when)
            self.moved = when

    def next_event(self):
        """The time of the next event; None if there is none without a request."""
        phase = self.world.durations
        if self.state == "STARTING":
            return self.since + phase["starting"], self.provisioned
        if self.state == "BOOTSTRAPPING":
            return self.sooner(self.since + phase["bootstrapping"], self.bootstrapped)
        if self.state == "TERMINATING":
            return self.since + phase["terminating"], self.gone
        if self.state in GONE:
            return None
        return self.sooner(*min(self.events(), key=lambda event: event[0], default=()))

    def sooner(self, *event):
        """The next event, or the primary's power-off, whichever comes first."""
        if self.power_off and "power_off" not in self.world.false:
            off = max(self.moved, self.created + self.power_off.seconds)
            if not event or off < event[0]:
                return off, self.powered_off
        return event or None

    def events(self):
        """The next event of a cluster that is ready."""
        running = [step for step in self.steps if step.state == "RUNNING"]
        pending = [step for step in self.steps if step.state == "PENDING"]
        for group in self.groups:
            if group.resized_at is not None:
                yield group.resized_at, partial(group.become, "RUNNING")
        if self.fails_at("RUNNING"):
            yield self.ready + self.failure.get("seconds", 0), self.fail
        if running and self.policy and "busy_step" in self.world.false:
            began = max(self.policy_set, *(step.started for step in running))
            yield began + self.policy["IdleTimeout"], self.idled_out
        for step in running:
            if step.ends_at is not None:
                yield step.ends_at, partial(self.end_step, step)
        if pending and len(running) < self.concurrency:
            yield max(self.moved, pending[0].created), partial(self.start_step, pending[0])
        elif not running and not pending:
            yield from self.idle_events()

    def idle_events(self):
        if not self.keep_alive:
            yield self.moved, self.out_of_work
        elif self.state != "WAITING":
            yield self.moved, self.wait
        # AWS does not document that the policy ends a protected cluster.
        elif self.policy and not self.protected and "idle_policy" not in self.world.false:
            idle_since = max(self.since, self.policy_set)
            yield idle_since + self.policy["IdleTimeout"], self.idled_out

    def turn(self, state, when, code=None, message=None):
        self.state, self.since = state, when
        reason = {"Code": code, "Message": message}
        self.reason = {key: value for key, value in reason.items() if value}
        of_groups = {"BOOTSTRAPPING", "RUNNING", "TERMINATING", "TERMINATED"}
        wanted = "TERMINATED" if state in GONE else state
        for group in self.groups:
            settled = wanted == "RUNNING" and group.ready is not None
            if wanted in of_groups and not settled:
                group.become(wanted, when)

    def fails_at(self, state):
        return self.failure is not None and self.failure["fail_at"] == state

    def fail(self, when):
        failure = self.failure
        if failure.get("error_code"):
            message = failure.get("message", "")
            detail = {"ErrorCode": failure["error_code"], "ErrorMessage": message, "ErrorData": []}
            self.details = [detail]
        self.upload_logs(when, failure.get("logs", {}))
        code = failure.get("code", "INTERNAL_ERROR")
        self.shut(when, code, failure.get("message", code), errors=True)

    def upload_logs(self, when, logs):
        """Uploads logs later, as EMR does: compressed, and empty ones not at all."""
        log_uri = self.spec.get("LogUri")
        if not log_uri or "step_logs" in self.world.false:
            return
        bucket, prefix = split(f"{log_uri.rstrip('/')}/{self.id}/")
        at = when + self.world.durations["logs"]
        for name, text in logs.items():
            if text:
                body = gzip.compress(text.encode())
                self.world.upload(Upload(at, bucket, f"{prefix}{name}.gz", body))

    def provisioned(self, when):
        if self.fails_at("STARTING"):
            return self.fail(when)
        self.launched = when
        return self.turn("BOOTSTRAPPING", when, message="Running bootstrap actions")

    def bootstrapped(self, when):
        if self.fails_at("BOOTSTRAPPING"):
            return self.fail(when)
        self.ready = when
        return self.turn("RUNNING", when, message="Running step")

    def wait(self, when):
        detail = "after last step completed" if self.steps else "to run steps"
        self.turn("WAITING", when, message=f"Cluster ready {detail}.")

    def start_step(self, step, when):
        if self.state != "RUNNING":
            self.turn("RUNNING", when, message="Running step")
        step.start(when)

    def end_step(self, step, when):
        step.end(when)
        if step.state != "FAILED" or step.on_failure == "CONTINUE":
            return
        stays = self.protected and self.keep_alive
        if step.on_failure != "CANCEL_AND_WAIT" and not stays:
            self.shut(when, "STEP_FAILURE", "Shut down as step failed", errors=True)
        for pending in self.steps:
            if pending.state == "PENDING":
                pending.stop(when)

    def out_of_work(self, when):
        if any(step.state == "FAILED" for step in self.steps):
            self.shut(when, "STEP_FAILURE", "Steps completed with errors")
        else:
            self.shut(when, "ALL_STEPS_COMPLETED", "Steps completed")

    def idled_out(self, when):
        self.shut(when, "ALL_STEPS_COMPLETED", "Terminated by auto-termination policy")

    def powered_off(self, when):
        other = "end_reasons" in self.world.false
        code = "BOOTSTRAP_FAILURE" if other else "INSTANCE_FAILURE"
        self.shut(when, code, "The master node was terminated.", errors=True)

    def terminate(self, when):
        """Ends the cluster on request. Repeating the request changes nothing."""
        if self.live:
            self.shut(when, "USER_REQUEST", "Terminated by user request")

    def shut(self, when, code, message, errors=False):
        self.ends_with_errors = errors
        for step in self.steps:
            step.stop(when)
        self.turn("TERMINATING", when, code, message)

    def gone(self, when):
        self.ended = when
        if "nothing_left" in self.world.false:
            unused.leave_volume(self)
        state = "TERMINATED_WITH_ERRORS" if self.ends_with_errors else "TERMINATED"
        self.turn(state, when, self.reason.get("Code"), self.reason.get("Message"))

    def abandon(self):
        """Stops everything when the double is reset."""
        for step in self.steps:
            step.kill()
