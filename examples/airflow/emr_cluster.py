"""The cluster of adopt_emr.py, as boto3's `run_job_flow` and Airflow's operator take it."""

CLUSTER = {
    "Name": "nightly-etl",
    "ReleaseLabel": "emr-7.14.0",
    "Applications": [{"Name": "Spark"}],
    "Instances": {
        "InstanceGroups": [
            {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
            {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2},
        ],
        # As in most DAGs: the cluster lives until a task ends it, or until a person remembers it.
        "KeepJobFlowAliveWhenNoSteps": True,
    },
    "JobFlowRole": "EMR_EC2_DefaultRole",
    "ServiceRole": "EMR_DefaultRole",
    "VisibleToAllUsers": True,
}

STEPS = [
    {
        "Name": "etl",
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {
            "Jar": "command-runner.jar",
            "Args": ["spark-submit", "s3://team-artifacts/scripts/etl.py"],
        },
    }
]

# What the cluster may cost and how long it may live, even if no task ends it.
LIMITS = {"max_lifetime": "4h", "budget": "$20", "idle_timeout": "30m"}
