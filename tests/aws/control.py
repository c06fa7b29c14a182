"""Control calls of tests, under `/_double/`.

    GET, POST clock      {"advance": seconds, "speed": times}
    POST clock/back      {"seconds": s}: sets the clock back, with the times of all clusters
    POST end             {"id": ..., "code": ..., "message": ..., "errors": ..., "logs": {"node/…": text}}:
                         EMR ends the cluster for this reason, or without one
    GET, POST durations  {"starting": s, "bootstrapping": s, "step": s, ...} as in world.py
    POST faults          [{"call": "RunJobFlow", "at": 1, "do": ..., "when": "before",
                           "seconds": s, "pid": p, "count": 1}]; GET returns how often they applied
    POST kill            {"at": n, "when": "before", "pid": p}: at the n-th call of the list
    POST cluster         {"fail_at": "STARTING", "code": ..., "message": ..., "error_code": ...,
                           "logs": {"node/i-…/bootstrap-actions/1/stderr": text}}
    POST scale           {"id": ..., "to": n}: EMR's managed scaling gives it n nodes or units
    POST beliefs         {"name": ..., "false": true}: AWS does not do what clusterup believes, see
                           beliefs.py
    POST steps           {"mode": "timed", "results": [{"match": "part of a name",
                           "state": "FAILED", "seconds": s, "reason": ..., "message": ...,
                           "exit": code, "stdout": ..., "stderr": ..., "containers":
                           {"application_…/container_…/stderr": text}, "late": seconds after the
                           other logs, "writes": {"key": "text"}, "times": n}]}
    POST metrics         {"cluster": "j-…" or "*" for all, "page": queries, "says": "silent",
                           "fail", {"AppsRunning": [[seconds ago, value], ...]}, or null, which
                           derives the points from steps}; "cluster" may also be the name of a
                           bucket, with {"BucketSizeBytes": [[seconds ago, bytes], ...]}
    POST notebook        {"id": "ex-…", "name": ..., "cluster": "j-…", "started": seconds ago,
                           "status": "RUNNING"}: somebody runs a notebook on a cluster
    POST serverless/busy {"id": ...}: the application of EMR Serverless has a job
    POST volume/age      {"id": "vol-…", "older": seconds}: it was created earlier
    POST foreign         {"name": ..., "state": "WAITING", "created": seconds ago, "protected": ...,
                           "tags": {...}, "steps": [{"name": ..., "state": ..., "started": seconds
                           ago, "ended": ...}], "groups": [["MASTER", "m5.xlarge", 1]],
                           "fleet": ..., "id": ..., "security": ...}; transitional states stay; {"id": ...}
    POST foreign/change  {"id": ..., "tags": {...}, "untag": [...], "protected": ..., "steps": [...],
                           "end_steps": [names], "older": seconds}
    POST address         {"v4": "203.0.113.7"}, which GET /checkip returns
    POST roles           creates EMR's default roles and the schedules' `clusterup-reaper`, which
                         {"reaper": false} leaves out
    POST roles/trusting  {"name": ..., "external_id": ...}: a role that the user may assume
    POST roles/remove    {"name": ...}
    POST roles/strip     {"name": ...}: removes all its policies
    POST roles/retire    {"arn": ...}: a policy of AWS that can no longer be attached
    POST vpc/remove      {"region": ...}: removes the default VPC with its subnets
    POST subnets/remove  {"region": ...}: removes the subnets of the default VPC
    POST quota           {"vcpus": 5}: EC2's quota of on-demand standard instances
    POST rates           {"on": true}: EMR throttles calls beyond its documented rates
    POST prices          sets the price list, see pricing.py
    POST budgets/seen    {"port": ...}: returns the output of mirrored.py
    POST budgets/actual  sets the spending of a budget, see budgets.py
    POST budgets/page    {"size": n}: the largest page of budgets, notifications and subscribers
    POST reset           faults and calls; {"all": true}: everything
    GET calls            the calls since POST calls/reset
    POST schedules/remove {"name": ...}: one of the default group
    GET schedules        the pending schedules, with their call and time
    GET clusters         all clusters that ever existed
    GET runs             the requests of RunJobFlow that were accepted
    POST left            {"port": ..., "region": ..., "stack": ...}: returns the output of left.py
    POST aws             {"port": ..., "region": ..., "service": "ec2", "operation": boto3's name,
                           "request": {...}}: the response to a call, as of a person at a console
    POST buckets         {"bucket": ...}: creates it
    GET objects          sizes by bucket and key
    POST objects/put     {"bucket": ..., "key": ..., "text": ..., "machine": whether a cluster's
                           instance writes it, which may be refused}
    GET refused          keys that instances were not allowed to write
    POST objects/get     {"bucket": ..., "key": ...}
    POST objects/claim   {"bucket": ..., "key": ..., "bytes": n}: listings give the object this size

`?account=222222222222` makes any of them a call to that account, which has what AssumeRole for a role
of it gives access to. Calls, faults, clock and lock are those of all accounts.

A fault's `do` is `throttle`, `error500`, `drop` (not handled, no reply), `lost` (handled, no
reply), `slow`, `refuse` (with `code`, `message`, `status`; in one `region`; by a clock that is
`ahead`), or `kill` (of `pid`, else of the caller); its `call` may be a pattern such as `s3:*`.
`when` is before or after the call takes effect.
"""

import json

from botocore.exceptions import BotoCoreError, ClientError

import account
import beliefs
import budgets
import fleets
import foreign
import left
import metrics
import mirrored
import rights
import schedules
import unused
from faults import Fault
from rates import Rates
from replies import Reply, json_reply


def answer(world, method, path, body, account_id=account.OWN):
    if path == "/checkip":
        text = f"{world.address}\n".encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]
        return Reply(200, text, headers)
    # Their calls come back to this server, so they must not hold the lock.
    if look := LOOKS.get(path.removeprefix("/_double/")):
        try:
            return json_reply(look(**json.loads(body)))
        except (BotoCoreError, ClientError, TypeError) as error:
            return json_reply({"error": repr(error)}, 400)
    asked = ROUTES.get((method, path.removeprefix("/_double/")))
    if asked is None:
        return json_reply({"error": f"no such control: {method} {path}"}, 404)
    with world.lock:
        world = world.enter(account_id)
        world.catch_up()
        try:
            reply = asked(world, json.loads(body or b"{}"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return json_reply({"error": repr(error)}, 400)
        finally:
            world.catch_up()
            account.enter(account.OWN)
        return json_reply({} if reply is None else reply)


def clock(world, body):
    world.clock.change(float(body.get("advance", 0)), body.get("speed"))
    return {"now": world.clock.now(), "speed": world.clock.speed}


def back(world, body):
    """Sets the clock and all times of clusters back, to before the client's clock."""
    seconds = float(body["seconds"])
    for one in world.clusters.values():
        for held in (one, *one.groups, *one.instances(), *one.steps):
            times = {key: at for key, at in vars(held).items() if isinstance(at, float)}
            vars(held).update({key: at - seconds for key, at in times.items()})
    world.clock.change(-seconds)


def durations(world, body):
    unknown = set(body) - set(world.durations)
    if unknown:
        raise ValueError(f"no such duration: {sorted(unknown)}")
    world.durations |= {key: float(value) for key, value in body.items()}
    return world.durations


def faults(world, body):
    """Adds faults to those that were requested earlier."""
    asked = body if isinstance(body, list) else [body]
    world.faults += [Fault(**fault) for fault in asked]


def struck(world, _):
    shown = ("call", "at", "do", "when", "count", "seen", "struck")
    return [{key: getattr(fault, key) for key in shown} for fault in world.faults]


def kill(world, body):
    world.faults.append(Fault(do="kill", by_list=True, **body))


def cluster(world, body):
    if body.get("fail_at", "STARTING") not in ("STARTING", "BOOTSTRAPPING", "RUNNING"):
        raise ValueError(f"a cluster cannot fail at {body['fail_at']}")
    world.next_failure = {"fail_at": "STARTING"} | body


def end(world, body):
    """Ends a live cluster for a reason of EMR."""
    found = world.clusters[body["id"]]
    if not found.live:
        raise ValueError(f"{found.id} is {found.state}")
    found.upload_logs(world.clock.now(), body.get("logs", {}))
    found.shut(world.clock.now(), body["code"], body["message"], errors=body["errors"])


def remove_schedule(_, body):
    for _, group, schedule in account.schedules():
        if schedule.name == body["name"]:
            group.delete_schedule(schedule.name)
            return
    raise ValueError(f"no schedule {body['name']}")


def steps(world, body):
    mode = body.get("mode", world.mode)
    if mode not in ("timed", "spark") or mode == "spark" and world.spark is None:
        raise ValueError(f"mode {mode}: the double was started without --spark")
    world.mode = mode
    world.rules = body.get("results", world.rules)


def address(world, body):
    world.address = body["v4"]


def roles(world, body):
    """Creates the roles of an account that has used EMR before."""
    account.make_default_roles()
    if body.get("reaper", True):
        account.make_reaper_role()


def trusting_role(world, body):
    account.make_trusting_role(body["name"], body.get("external_id"))


def remove_role(world, body):
    if not account.remove_role(body["name"]):
        raise ValueError(f"no role {body['name']}")


def strip_role(world, body):
    if not account.strip_role(body["name"]):
        raise ValueError(f"no role {body['name']}")


def retire(world, body):
    world.retired.append(body["arn"])


def remove_vpc(_, body):
    account.remove_default_vpcs(body.get("region", "us-east-1"))


def remove_subnets(_, body):
    account.remove_default_subnets(body.get("region", "us-east-1"))


def quota(world, body):
    world.vcpus = int(body["vcpus"])


def rates(world, body):
    world.rates = Rates(bool(body["on"]))


def schedules_of(world, _):
    """All schedules, in order of groups and names."""
    found = [schedules.shown(*one) for one in account.schedules()]
    return sorted(found, key=lambda one: (one["region"], one["group"], one["name"]))


def prices(world, body):
    world.prices = body


def clusters(world, _):
    """All clusters that ever existed, oldest first."""
    of_step = ("id", "name", "state")
    return [
        {
            "id": one.id,
            "name": one.name,
            "region": one.region,
            "state": one.state,
            "reason": one.reason,
            "tags": one.tags,
            "protected": one.protected,
            "created": one.created,
            "idle": one.policy,
            "power_off": one.power_off
            and {key: getattr(one.power_off, key) for key in ("seconds", "bucket", "key")},
            "steps": [{key: getattr(step, key) for key in of_step} for step in one.steps],
        }
        for one in world.clusters.values()
    ]


def objects(_, __):
    """Sizes of objects by bucket and key."""
    return {
        bucket: {key: len(body) for key, body in account.objects(bucket).items()}
        for bucket in account.buckets()
    }


def make_bucket(_, body):
    account.make_bucket(body["bucket"])


def put(world, body):
    """Writes an object as somebody else."""
    if body.get("machine"):
        text = body["text"].encode()
        return {"refused": not rights.put(world, body["bucket"], body["key"], text)}
    if not account.put_object(body["bucket"], body["key"], body["text"].encode()):
        raise ValueError(f"no bucket {body['bucket']}")
    return None


def get(_, body):
    """The text of an object; null if it does not exist."""
    found = account.objects(body["bucket"], body["key"]).get(body["key"])
    return {"text": None if found is None else found.decode("utf-8", "replace")}


def claim(_, body):
    account.claim(body["bucket"], body["key"], int(body["bytes"]))


def reset(world, body):
    if body.get("all"):
        world.forget()
        account.reset()
    else:
        world.faults = []
        world.calls.reset()


LOOKS = {"left": left.look, "budgets/seen": mirrored.look, "aws": left.call}
ROUTES = {
    ("POST", "clock"): clock,
    ("GET", "clock"): clock,
    ("POST", "clock/back"): back,
    ("POST", "durations"): durations,
    ("GET", "durations"): durations,
    ("POST", "faults"): faults,
    ("GET", "faults"): struck,
    ("POST", "kill"): kill,
    ("POST", "cluster"): cluster,
    ("POST", "end"): end,
    ("POST", "scale"): fleets.scale,
    ("POST", "schedules/remove"): remove_schedule,
    ("POST", "beliefs"): beliefs.say,
    ("POST", "steps"): steps,
    ("POST", "metrics"): metrics.say,
    ("POST", "notebook"): unused.notebook,
    ("POST", "serverless/busy"): unused.occupy,
    ("POST", "volume/age"): unused.age_volume,
    ("POST", "foreign"): foreign.make,
    ("POST", "foreign/change"): foreign.change,
    ("POST", "address"): address,
    ("POST", "roles"): roles,
    ("POST", "prices"): prices,
    ("POST", "quota"): quota,
    ("POST", "rates"): rates,
    ("POST", "roles/trusting"): trusting_role,
    ("POST", "roles/remove"): remove_role,
    ("POST", "roles/strip"): strip_role,
    ("POST", "roles/retire"): retire,
    ("GET", "refused"): lambda world, body: world.refused,
    ("POST", "vpc/remove"): remove_vpc,
    ("POST", "subnets/remove"): remove_subnets,
    ("POST", "budgets/actual"): budgets.set_actual,
    ("POST", "budgets/page"): budgets.set_page,
    ("GET", "schedules"): schedules_of,
    ("GET", "clusters"): clusters,
    ("GET", "runs"): lambda world, body: [one.spec for one in world.clusters.values()],
    ("GET", "objects"): objects,
    ("POST", "buckets"): make_bucket,
    ("POST", "objects/put"): put,
    ("POST", "objects/get"): get,
    ("POST", "objects/claim"): claim,
    ("POST", "reset"): reset,
    ("GET", "calls"): lambda world, body: world.calls.entries,
    ("POST", "calls/reset"): lambda world, body: world.calls.reset(),
}
