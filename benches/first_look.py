"""The first look at a large account: clusterup's sweep beside Cloud Custodian's, on the double of AWS.

    target/aws-double/bin/python benches/first_look.py [--clusters 500] [--forgotten 50]
        [--program target/release/clusterup] [--custodian PATH] [--daemon] [--rates]

Counts the calls of one sweep, and with `--daemon` measures how long the daemon takes until it knows
every cluster, and what its sweeps cost then. `--rates` lets EMR throttle beyond its documented rates.
Cloud Custodian, from `pip install c7n`, is asked for clusters that wait, are an hour old and have no tag
`keep`; it looks at neither steps nor metrics.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/aws"))

from checks import REGION, Double  # noqa: E402

POLICY = "policy: p\nunmanaged: { action: notify, idle_timeout: 1h, exempt: { tag: keep } }\n"
CUSTODIAN = {
    "policies": [
        {
            "name": "forgotten",
            "resource": "emr",
            "query": [{"ClusterStates": state} for state in ("WAITING", "RUNNING")],
            "filters": [
                {"type": "value", "key": "Status.State", "value": "WAITING"},
                {"tag:keep": "absent"},
                {
                    "type": "value",
                    "key": "Status.Timeline.CreationDateTime",
                    "op": "gt",
                    "value_type": "age",
                    "value": 0.04,
                },
            ],
        }
    ]
}


def fill(aws, clusters, forgotten):
    """Some are forgotten, some exempt, the others are in a step."""
    for number in range(clusters):
        made = {"name": f"theirs {number:04}", "created": 9000}
        if number >= forgotten:
            if number % 10 == 0:
                made["tags"] = {"keep": "yes"}
            else:
                made["state"] = "RUNNING"
                made["steps"] = [{"name": "etl", "state": "RUNNING", "started": 8000}]
        aws.post("foreign", made)


def environment(aws, home):
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    return kept | {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test-secret",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(home),
    }


def counted(aws, since=0):
    return Counter(call["call"] for call in aws.calls()[since:])


def show(name, clusters, judged, calls, seconds):
    total = sum(calls.values())
    each = total / clusters
    print(f"{name:24} {judged:6} {total:7} {each:9.2f} {seconds:8.1f} s")
    for call, count in calls.most_common():
        print(f"    {call:36} {count:5}")


def sweep(aws, program, home, clusters):
    aws.ask("/_double/calls/reset", {})
    begun = time.monotonic()
    command = [program, "watchdog", "sweep", "--dry-run", "--region", REGION, "--output", "json"]
    done = subprocess.run(
        command, env=environment(aws, home), cwd=home, capture_output=True, check=True
    )
    report = json.loads(done.stdout)["report"]
    known = report["sweep"]["fleet"] - report["sweep"]["unlooked"]
    show("clusterup, one sweep", clusters, known, counted(aws), time.monotonic() - begun)
    return sum(verdict["stage"] == "forgotten" for verdict in report["verdicts"])


def custodian(aws, program, home, clusters):
    (home / "custodian.json").write_text(json.dumps(CUSTODIAN))
    aws.ask("/_double/calls/reset", {})
    begun = time.monotonic()
    command = [program, "run", "--region", REGION, "-s", "out", "custodian.json"]
    subprocess.run(command, env=environment(aws, home), cwd=home, capture_output=True, check=True)
    found = json.loads((home / "out/forgotten/resources.json").read_text())
    calls, seconds = counted(aws), time.monotonic() - begun
    show("Cloud Custodian", clusters, clusters, calls, seconds)
    return len(found)


def health(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as reply:
            return json.load(reply)["status"]
    except (OSError, ValueError, KeyError):
        return "starting"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def unchanged(aws, clusters):
    """The calls of a sweep in which nothing changes, over six minutes. The lease is renewed in S3 four
    times a minute, whether or not a sweep is made."""
    since = len(aws.calls())
    time.sleep(360)
    calls = counted(aws, since)
    renewals = calls.pop("s3:PutObject", 0)
    sweeps = calls["emr:ListClusters"] / -(-clusters // 50)
    print(f"nothing changes: {sum(calls.values()) / sweeps:.1f} calls a sweep in {sweeps:.1f} sweeps")
    print(f"    {dict(calls)}, {renewals} renewals of the lease")


def daemon(aws, program, home, clusters, forgotten):
    aws.ask("/_double/calls/reset", {})
    port = free_port()
    command = [program, "watchdog", "run", "--region", REGION, "--listen", f"127.0.0.1:{port}"]
    begun = time.monotonic()
    process = subprocess.Popen(
        command, env=environment(aws, home), cwd=home, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while health(port) != "ok":
            assert process.poll() is None, "the watchdog has ended"
            time.sleep(1)
        calls, seconds = counted(aws), time.monotonic() - begun
        show("clusterup, the daemon", clusters, clusters, calls, seconds)
        while counted(aws)["emr:DescribeCluster"] < forgotten:
            time.sleep(1)
        print(f"each forgotten cluster is described after {time.monotonic() - begun:.0f} s")
        time.sleep(180)
        unchanged(aws, clusters)
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clusters", type=int, default=500)
    parser.add_argument("--forgotten", type=int, default=50)
    parser.add_argument("--program", default=str(ROOT / "target/debug/clusterup"))
    parser.add_argument("--custodian", help="the program of Cloud Custodian")
    parser.add_argument("--daemon", action="store_true")
    parser.add_argument("--rates", action="store_true")
    asked = parser.parse_args()
    aws = Double([])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "policies").mkdir()
        (home / "policies/p.yaml").write_text(POLICY)
        aws.post("roles", {})
        fill(aws, asked.clusters, asked.forgotten)
        aws.post("rates", {"on": asked.rates})
        print(f"{'':24} {'judged':>6} {'calls':>7} {'a cluster':>9} {'time':>10}")
        if asked.daemon:
            daemon(aws, asked.program, home, asked.clusters, asked.forgotten)
        else:
            found = sweep(aws, asked.program, home, asked.clusters)
            assert found == asked.forgotten, f"{found} forgotten, not {asked.forgotten}"
            if asked.custodian:
                found = custodian(aws, asked.custodian, home, asked.clusters)
                assert found == asked.forgotten, f"{found} found, not {asked.forgotten}"
    aws.process.stdin.close()
    aws.process.wait()


if __name__ == "__main__":
    main()
