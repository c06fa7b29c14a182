"""Checks of the double: how machines start, and who may end a cluster."""

SCRIPT = {"Path": "s3://clusterup-b/launch/tools.sh"}
STEP = {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["true"]}}


def volumes(kind, gib, **speed):
    volume = {"VolumeType": kind, "SizeInGB": gib} | speed
    config = {"EbsBlockDeviceConfigs": [{"VolumeSpecification": volume}]}
    group = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    return {"Instances": {"InstanceGroups": [group | {"EbsConfiguration": config}]}}


def launches(aws):
    action = {"Name": "tools", "ScriptBootstrapAction": SCRIPT}
    old = {"ReleaseLabel": "emr-5.36.2"}
    for more in (
        {"BootstrapActions": [action] * 17},
        {"CustomAmiId": "my-image"},
        {"CustomAmiId": "ami-0123"},
        {"EbsRootVolumeSize": 9},
        {"EbsRootVolumeSize": 101},
        {"EbsRootVolumeSize": 20, "EbsRootVolumeIops": 2999},
        {"EbsRootVolumeSize": 20, "EbsRootVolumeIops": 10001},
        {"EbsRootVolumeSize": 20, "EbsRootVolumeThroughput": 751},
        old | {"EbsRootVolumeSize": 20, "EbsRootVolumeIops": 4000},
        volumes("gp2", 64, Throughput=200),
        volumes("gp2", 64, Iops=4000),
        volumes("gp3", 10, Iops=5001),
        volumes("gp3", 64, Throughput=1001),
        volumes("st1", 124),
        volumes("gp4", 64),
        {"StepConcurrencyLevel": 257},
        {"StepConcurrencyLevel": 2, "steps": [STEP | {"ActionOnFailure": "CANCEL_AND_WAIT"}]},
    ):
        aws.refused("ValidationException", aws.run, **more)
    # A script that is not there ends the cluster while it starts.
    cluster = aws.ready(BootstrapActions=[action])
    aws.advance(21)
    status = aws.status(cluster)
    aws.equal(status["StateChangeReason"]["Code"], "BOOTSTRAP_FAILURE", "no script")
    aws.s3.put_object(Bucket="clusterup-b", Key="launch/tools.sh", Body=b"#!/bin/sh")
    aws.equal(aws.state(aws.ready(BootstrapActions=[action] * 16)), "WAITING", "16 actions")
    # Whether the idle policy ends a protected cluster is not documented: here it does not.
    cluster = aws.ready(AutoTerminationPolicy={"IdleTimeout": 60})
    aws.emr.set_termination_protection(JobFlowIds=[cluster], TerminationProtected=True)
    aws.advance(120)
    aws.equal(aws.state(cluster), "WAITING", "protected")
    aws.emr.set_termination_protection(JobFlowIds=[cluster], TerminationProtected=False)
    aws.advance(1)
    aws.equal(aws.state(cluster).startswith("TERMINAT"), True, "unprotected")
