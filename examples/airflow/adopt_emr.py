"""A DAG whose cluster is made by Airflow's operators, and gets guardrails from clusterup.

A cluster is forgotten when a scheduler dies, or when a DAG is paused between its first and its last
task. Adopted, it ends at its deadline or below its budget, whether Airflow lives or not.
"""

from datetime import datetime, timedelta

import clusterup_runs
from airflow.providers.amazon.aws.operators.emr import (
    EmrAddStepsOperator,
    EmrCreateJobFlowOperator,
    EmrTerminateJobFlowOperator,
)
from clusterup_tasks import in_task
from emr_cluster import CLUSTER, LIMITS, STEPS

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(
    dag_id="adopt_emr",
    schedule="30 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["clusterup"],
)
def adopt_emr():
    create = EmrCreateJobFlowOperator(task_id="create", job_flow_overrides=CLUSTER)

    @task(retries=3, retry_delay=timedelta(minutes=1))
    def adopt(cluster):
        return in_task(clusterup_runs.adopt, cluster, **LIMITS)

    steps = EmrAddStepsOperator(
        task_id="steps", job_flow_id=create.output, steps=STEPS, wait_for_completion=True
    )
    # A teardown runs whenever the cluster was made, and does not hide that a task before it failed.
    end = EmrTerminateJobFlowOperator(task_id="end", job_flow_id=create.output)
    adopt(create.output) >> steps >> end.as_teardown(setups=create)


adopt_emr()
