"""Calls the functions of examples/airflow as a task does; tests/aws/airflow.rs runs it, part by part."""

import logging
import os
import sys
import threading
import time
from pathlib import Path

import clusterup_runs
from clusterup_runs import Failed, Final, Run

STACK = "t.yaml"


def fails(kind, code, work, *args, **options):
    """The error of a call, which has to be exactly of this kind."""
    try:
        got = work(*args, **options)
    except Failed as failed:
        assert type(failed) is kind, (type(failed), failed)
        assert failed.code == code, (failed.code, failed)
        return str(failed)
    raise AssertionError(f"it succeeded: {got}")


def apply():
    first = clusterup_runs.apply(STACK)
    assert first["stack"] == "t" and first["cluster"].startswith("j-"), first
    assert first["results"] == os.path.join(os.getcwd(), "results"), first
    assert 0 < first["cost_usd"] < 0.1, first
    # A task that is retried after its success runs nothing.
    assert clusterup_runs.apply(STACK)["cluster"] == first["cluster"]
    tonight = clusterup_runs.apply(STACK, again=True, region="us-east-1")
    assert tonight["cluster"] != first["cluster"], tonight


def failures():
    said = fails(Failed, 4, clusterup_runs.apply, STACK)
    assert "the job failed (exit code 4)" in said, said
    said = fails(Final, 2, clusterup_runs.apply, STACK, sets=["guardrails.budget=3"])
    assert "(exit code 2)" in said, said
    fails(Final, 2, clusterup_runs.apply, "--yes")
    Path("policies").mkdir()
    Path("policies/p.yaml").write_text("policy: p\nlimits: { nodes: 1 }\n", encoding="utf-8")
    said = fails(Final, 3, clusterup_runs.apply, STACK)
    assert "does not allow it" in said and "nodes is 3" in said, said
    fails(Failed, 1, Run("false"), "apply")
    fails(Failed, 1, Run("true"), "apply")
    for code, kind in ((5, Final), (130, Failed), (-9, Failed)):
        fails(kind, code, clusterup_runs.answer, code, "")


def when_the_step_runs(act):
    """Calls `act` with a run of `apply` whose step is running, from another thread; the run's error."""
    run = Run()

    class Watch(logging.Handler):
        def emit(self, record):
            if "step one is running" in record.getMessage():
                # It may outlive the thread that reads messages.
                threading.Thread(target=act, args=(run,), daemon=False).start()

    clusterup_runs.log.addHandler(Watch())
    began = time.monotonic()
    try:
        return fails(Failed, 130, clusterup_runs.apply, STACK, run=run)
    finally:
        assert time.monotonic() - began < 60


def stop():
    when_the_step_runs(Run.stop)


def destroy():
    when_the_step_runs(lambda run: run.destroy(STACK))


def adopt():
    import boto3
    from emr_cluster import CLUSTER, LIMITS

    cluster = boto3.client("emr", region_name="us-east-1").run_job_flow(**CLUSTER)["JobFlowId"]
    adopted = clusterup_runs.adopt(cluster, team="recsys", **LIMITS)
    assert adopted["cluster"] == cluster and adopted["because_of"] == "max_lifetime", adopted
    assert clusterup_runs.adopt(cluster, **LIMITS)["cluster"] == cluster
    fails(Final, 2, clusterup_runs.adopt, cluster, max_lifetime="4", budget="$20")


PARTS = {part.__name__: part for part in (apply, failures, stop, destroy, adopt)}

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    PARTS[sys.argv[1]]()
    print("as expected")
