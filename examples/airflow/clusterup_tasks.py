"""What connects clusterup_runs.py to a task of Airflow 2 or 3: its end, and its errors."""

import clusterup_runs

try:
    from airflow.sdk import get_current_context
except ImportError:  # Airflow 2
    from airflow.operators.python import get_current_context
from airflow.exceptions import AirflowException, AirflowFailException


def in_task(work, *args, ended_by_hand=None, **options):
    """Calls a function of clusterup_runs.py in the task that runs now.

    If Airflow ends the task, clusterup is interrupted, and its cluster left to the guardrails. With
    `ended_by_hand`, a stack's file or name, the stack's cluster is ended too. What a retry cannot
    change fails the task at once, whatever its `retries` are.
    """
    run = clusterup_runs.Run()
    task = get_current_context()["ti"].task
    task.on_kill = run.stop if ended_by_hand is None else lambda: run.destroy(ended_by_hand)
    try:
        return work(*args, run=run, **options)
    except clusterup_runs.Final as final:
        raise AirflowFailException(str(final)) from final
    except clusterup_runs.Failed as failed:
        raise AirflowException(str(failed)) from failed
