"""What tests tell the double, and ask of it, under `/_double/`."""

import json

import account
from faults import Fault
from replies import Reply, json_reply


def answer(world, method, path, body):
    if path == "/checkip":
        text = f"{world.address}\n".encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]
        return Reply(200, text, headers)
    asked = ROUTES.get((method, path.removeprefix("/_double/")))
    if asked is None:
        return json_reply({"error": f"no such control: {method} {path}"}, 404)
    with world.lock:
        world.catch_up()
        try:
            told = asked(world, json.loads(body or b"{}"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return json_reply({"error": repr(error)}, 400)
        world.catch_up()
        return json_reply({} if told is None else told)


def clock(world, body):
    world.clock.change(float(body.get("advance", 0)), body.get("speed"))
    return {"now": world.clock.now(), "speed": world.clock.speed}


def durations(world, body):
    unknown = set(body) - set(world.durations)
    if unknown:
        raise ValueError(f"no such duration: {sorted(unknown)}")
    world.durations |= {key: float(value) for key, value in body.items()}
    return world.durations


def faults(world, body):
    """Adds some; those asked for earlier stay."""
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


def steps(world, body):
    mode = body.get("mode", world.mode)
    if mode not in ("timed", "spark") or mode == "spark" and world.spark is None:
        raise ValueError(f"mode {mode}: the double was started without --spark")
    world.mode = mode
    world.rules = body.get("results", world.rules)


def address(world, body):
    world.address = body["v4"]


def roles(world, _):
    """An account that has used EMR before."""
    account.make_default_roles()


def reset(world, body):
    if body.get("all"):
        world.forget()
        account.reset()
    else:
        world.faults = []
        world.calls.reset()


ROUTES = {
    ("POST", "clock"): clock,
    ("GET", "clock"): clock,
    ("POST", "durations"): durations,
    ("GET", "durations"): durations,
    ("POST", "faults"): faults,
    ("GET", "faults"): struck,
    ("POST", "kill"): kill,
    ("POST", "cluster"): cluster,
    ("POST", "steps"): steps,
    ("POST", "address"): address,
    ("POST", "roles"): roles,
    ("POST", "reset"): reset,
    ("GET", "calls"): lambda world, body: world.calls.entries,
    ("POST", "calls/reset"): lambda world, body: world.calls.reset(),
}
