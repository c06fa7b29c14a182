"""A DAG that runs a stack every night: clusterup makes the cluster, runs the job and ends it."""

import os
from datetime import datetime, timedelta

import clusterup_runs
from clusterup_tasks import in_task

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task

STACK = os.environ.get("CLUSTERUP_STACK", "/opt/airflow/stacks/nightly.yaml")
# Longer than the stack's max_lifetime: the guardrails end a cluster before Airflow ends the task.
LONGEST = timedelta(hours=3)


@dag(
    dag_id="run_stack",
    schedule="30 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # Two runs at once would wait for each other: a stack has one cluster.
    max_active_runs=1,
    tags=["clusterup"],
)
def run_stack():
    @task(retries=2, retry_delay=timedelta(minutes=5), execution_timeout=LONGEST)
    def apply(stack):
        """Every night the job runs again, even if nothing has changed since the last night."""
        return in_task(clusterup_runs.apply, stack, again=True)

    @task
    def report(run):
        """What another task reads: the cluster, the folder of results on this worker, the cost."""
        cost = run["cost_usd"]
        print(f"cluster {run['cluster']}: results in {run['results']}")
        print("its cost is unknown" if cost is None else f"it cost ${cost:.4f}")

    report(apply(STACK))


run_stack()
