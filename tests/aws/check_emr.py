"""Checks of EMR: states of clusters, steps, endings, lists, resizing."""

import gzip
import time

import submit
from checks import step


def life(aws):
    cluster = aws.run(LogUri="s3://clusterup-b/logs")
    found = aws.cluster(cluster)
    aws.equal(found["Status"]["State"], "STARTING", "state")
    aws.equal("MasterPublicDnsName" in found, False, "master while starting")
    aws.equal(found["LogUri"], "s3n://clusterup-b/logs/", "log uri")
    aws.advance(61)
    aws.equal(aws.state(cluster), "BOOTSTRAPPING", "state")
    aws.equal("MasterPublicDnsName" in aws.cluster(cluster), True, "master")
    aws.advance(30)
    aws.equal(aws.state(cluster), "WAITING", "state")
    times = aws.status(cluster)["Timeline"]
    took = times["ReadyDateTime"] - times["CreationDateTime"]
    aws.equal(round(took.total_seconds(), 1), 90.0, "time to be ready")
    added = aws.emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step("a"), step("b")])
    aws.equal(aws.states(cluster), ["RUNNING", "PENDING"], "steps")
    aws.equal(aws.state(cluster), "RUNNING", "state")
    aws.advance(30)
    aws.equal(aws.states(cluster), ["COMPLETED", "RUNNING"], "steps")
    aws.advance(30)
    aws.equal(aws.states(cluster), ["COMPLETED", "COMPLETED"], "steps")
    aws.equal(aws.state(cluster), "WAITING", "state")
    one = aws.emr.describe_step(ClusterId=cluster, StepId=added["StepIds"][1])["Step"]
    times = one["Status"]["Timeline"]
    took = times["EndDateTime"] - times["StartDateTime"]
    aws.equal(round(took.total_seconds(), 1), 30.0, "time of a step")
    key = f"logs/{cluster}/steps/{one['Id']}/controller.gz"
    log = aws.s3.get_object(Bucket="clusterup-b", Key=key)["Body"].read()
    aws.equal(b"Step succeeded with exitCode 0" in gzip.decompress(log), True, "log")
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])
    aws.equal(aws.state(cluster), "TERMINATING", "state")
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])
    aws.advance(20)
    found = aws.cluster(cluster)
    aws.equal(found["Status"]["State"], "TERMINATED", "state")
    aws.equal(found["Status"]["StateChangeReason"]["Code"], "USER_REQUEST", "reason")
    aws.equal(found["Tags"], [{"Key": "clusterup-stack", "Value": "x"}], "tags")
    add = aws.emr.add_job_flow_steps
    aws.refused("ValidationException", add, JobFlowId=cluster, Steps=[step("c")])
    aws.refused("ValidationException", aws.emr.terminate_job_flows, JobFlowIds=["j-NONE"])
    aws.refused("InvalidRequestException", aws.emr.describe_cluster, ClusterId="j-NONE")


def runners(aws):
    """What AWS refuses of a step, and what its runners change."""
    aws.equal(submit.received(["", "a", '{"b":{"c":1}}', "}}"]), ["a", '{"b":{"c":1', ""], "words")
    cluster = aws.ready()
    add = aws.emr.add_job_flow_steps
    long = step("a", "CONTINUE", ["x" * 10_230])
    aws.refused("ValidationException", add, JobFlowId=cluster, Steps=[long])
    unknown = step("a")
    unknown["HadoopJarStep"]["Jar"] = "runner.jar"
    aws.refused("ValidationException", add, JobFlowId=cluster, Steps=[unknown])
    long["HadoopJarStep"]["Args"] = ["x" * 10_222]
    add(JobFlowId=cluster, Steps=[long])


def failing_steps(aws):
    rule = {"match": "bad", "state": "FAILED", "seconds": 5, "stderr": "boom", "message": "m"}
    aws.post("steps", {"results": [rule]})
    cluster = aws.ready(steps=[step("bad", "TERMINATE_CLUSTER"), step("after")])
    aws.advance(6)
    aws.equal(aws.state(cluster), "TERMINATING", "state")
    aws.equal(aws.states(cluster), ["FAILED", "CANCELLED"], "steps")
    aws.advance(20)
    status = aws.status(cluster)
    aws.equal(status["State"], "TERMINATED_WITH_ERRORS", "state")
    aws.equal(status["StateChangeReason"]["Code"], "STEP_FAILURE", "reason")
    log_uri = "s3://clusterup-b/logs/"
    cluster = aws.ready(steps=[step("bad", "CANCEL_AND_WAIT"), step("after")], LogUri=log_uri)
    aws.advance(6)
    aws.equal(aws.states(cluster), ["FAILED", "CANCELLED"], "steps")
    aws.equal(aws.state(cluster), "WAITING", "state")
    failed = aws.emr.list_steps(ClusterId=cluster, StepStates=["FAILED"])["Steps"][0]
    details = failed["Status"]["FailureDetails"]
    where = f"logs/{cluster}/steps/{failed['Id']}/stderr.gz"
    aws.equal(details["LogFile"], f"s3://clusterup-b/{where}", "log file")
    log = aws.s3.get_object(Bucket="clusterup-b", Key=where)["Body"].read()
    aws.equal(gzip.decompress(log), b"boom", "log")
    cluster = aws.ready(steps=[step("bad"), step("after")], keep=False)
    aws.advance(6)
    aws.equal(aws.states(cluster), ["FAILED", "RUNNING"], "steps")
    aws.advance(31)
    aws.equal(aws.states(cluster), ["FAILED", "COMPLETED"], "steps")
    aws.equal(aws.state(cluster), "TERMINATING", "state")
    cluster = aws.ready(steps=[step("a"), step("b"), step("c")])
    second = aws.emr.list_steps(ClusterId=cluster)["Steps"][1]["Id"]
    reported = aws.emr.cancel_steps(ClusterId=cluster, StepIds=[second])["CancelStepsInfoList"]
    aws.equal(reported[0]["Status"], "SUBMITTED", "cancel")
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])
    aws.equal(aws.states(cluster), ["INTERRUPTED", "CANCELLED", "CANCELLED"], "steps")
    aws.post("steps", {"results": [{"match": "w", "writes": {"out/a": "text"}}]})
    aws.ready(steps=[step("w", args=["app.py", "s3://clusterup-b/in", "--n", "3"])])
    aws.advance(31)
    body = aws.s3.get_object(Bucket="clusterup-b", Key="out/a")["Body"].read()
    aws.equal(body, b"text", "what a step writes")
    aws.post("steps", {"results": []})


def endings(aws):
    cluster = aws.ready(keep=False, steps=[step("a")])
    aws.advance(31)
    aws.equal(aws.status(cluster)["StateChangeReason"]["Code"], "ALL_STEPS_COMPLETED", "reason")
    cluster = aws.ready(AutoTerminationPolicy={"IdleTimeout": 600})
    policy = aws.emr.get_auto_termination_policy(ClusterId=cluster)["AutoTerminationPolicy"]
    aws.equal(policy, {"IdleTimeout": 600}, "policy")
    aws.advance(590)
    aws.equal(aws.state(cluster), "WAITING", "state")
    aws.advance(11)
    aws.equal(aws.state(cluster), "TERMINATING", "state")
    cluster = aws.ready()
    put = aws.emr.put_auto_termination_policy
    put(ClusterId=cluster, AutoTerminationPolicy={"IdleTimeout": 60})
    aws.emr.remove_auto_termination_policy(ClusterId=cluster)
    aws.advance(100)
    aws.equal(aws.state(cluster), "WAITING", "state")
    aws.refused(
        "ValidationException", put, ClusterId=cluster, AutoTerminationPolicy={"IdleTimeout": 59}
    )
    aws.emr.set_termination_protection(JobFlowIds=[cluster], TerminationProtected=True)
    aws.refused("ValidationException", aws.emr.terminate_job_flows, JobFlowIds=[cluster])
    aws.equal(aws.state(cluster), "WAITING", "state")
    failure = {"fail_at": "BOOTSTRAPPING", "code": "BOOTSTRAP_FAILURE", "message": "no"}
    aws.post("cluster", failure)
    cluster = aws.ready()
    aws.advance(21)
    status = aws.status(cluster)
    aws.equal(status["State"], "TERMINATED_WITH_ERRORS", "state")
    aws.equal(status["StateChangeReason"], {"Code": "BOOTSTRAP_FAILURE", "Message": "no"}, "reason")
    for more in (
        {"Instances": {"Ec2KeyName": "none"}},
        {"JobFlowRole": "none"},
        {"Instances": {"AdditionalMasterSecurityGroups": ["sg-none"]}},
        {"Instances": {"ServiceAccessSecurityGroup": "sg-none"}},
        {"Instances": {"Ec2SubnetId": "subnet-none"}},
    ):
        cluster = aws.run(**more)
        aws.equal(aws.state(cluster), "STARTING", "state")
        aws.advance(81)
        status = aws.status(cluster)
        aws.equal(status["State"], "TERMINATED_WITH_ERRORS", f"state with {more}")
        aws.equal(status["StateChangeReason"]["Code"], "VALIDATION_ERROR", "reason")
    for more in (
        {"ReleaseLabel": "emr-9.9.9"},
        {"ReleaseLabel": "emr-5.29.0", "AutoTerminationPolicy": {"IdleTimeout": 600}},
        {"ReleaseLabel": "emr-6.0.0", "AutoTerminationPolicy": {"IdleTimeout": 600}},
        {"Applications": [{"Name": "Nonesuch"}]},
        {"ReleaseLabel": "emr-6.3.0", "Applications": [{"Name": "Trino"}]},
        {"ReleaseLabel": "emr-7.0.0", "Applications": [{"Name": "ganglia"}]},
        {"ReleaseLabel": "emr-6.8.0", "Configurations": [{"Classification": "delta-defaults"}]},
        {"Configurations": [{"Properties": {"a": "b"}}]},
        {"ServiceRole": ""},
        {"ServiceRole": "arn:aws-cn:iam::123456789012:role/EMR_DefaultRole"},
        {"JobFlowRole": "arn:aws-us-gov:iam::123456789012:instance-profile/EMR_EC2_DefaultRole"},
        {"Instances": {"InstanceGroups": []}},
        {"Instances": {"AdditionalMasterSecurityGroups": ["sg-1"] * 5}},
        {"Instances": {"EmrManagedMasterSecurityGroup": "sg-1"}},
    ):
        aws.refused("ValidationException", aws.run, **more)


def lists(aws):
    before = time.time() - 10
    cluster = aws.run(steps=[step(f"s{number}") for number in range(120)])
    pages = list(aws.emr.get_paginator("list_steps").paginate(ClusterId=cluster))
    aws.equal([len(page["Steps"]) for page in pages], [50, 50, 20], "pages")
    aws.equal(pages[0]["Steps"][0]["Name"], "s119", "newest")
    for _ in range(60):
        aws.run(keep=False, Name="clusterup/many")
    starting = aws.emr.list_clusters(ClusterStates=["STARTING"], CreatedAfter=before)
    aws.equal(len(starting["Clusters"]), 50, "page")
    rest = aws.emr.list_clusters(ClusterStates=["STARTING"], Marker=starting["Marker"])
    aws.equal(len(rest["Clusters"]), 11, "page")
    later = aws.ask("/_double/clock")["now"] + 1
    aws.equal(aws.emr.list_clusters(CreatedAfter=later)["Clusters"], [], "nothing newer")
    elsewhere = aws.client("emr", "eu-west-1")
    aws.equal(elsewhere.list_clusters()["Clusters"], [], "region")
    aws.refused("InvalidRequestException", elsewhere.describe_cluster, ClusterId=cluster)
    labels = aws.emr.list_release_labels(Filters={"Prefix": "emr-7"}, MaxResults=3)
    aws.equal(len(labels["ReleaseLabels"]), 3, "labels")
    more = aws.emr.list_release_labels(Filters={"Prefix": "emr-7"}, NextToken=labels["NextToken"])
    aws.equal(set(labels["ReleaseLabels"]) & set(more["ReleaseLabels"]), set(), "next labels")


def resize(aws):
    disk = {"VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": 64}, "VolumesPerInstance": 2}
    groups = [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {
            "InstanceRole": "CORE",
            "InstanceType": "m5.xlarge",
            "InstanceCount": 2,
            "Market": "SPOT",
            "EbsConfiguration": {"EbsBlockDeviceConfigs": [disk]},
        },
    ]
    cluster = aws.ready(Instances={"InstanceGroups": groups})

    def core():
        return aws.emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"][1]

    group = core()
    aws.equal(group["Id"][:3], "ig-", "id")
    aws.equal((group["InstanceGroupType"], group["Market"]), ("CORE", "SPOT"), "group")
    aws.equal(len(group["EbsBlockDevices"]), 2, "disks")
    request = [{"InstanceGroupId": group["Id"], "InstanceCount": 4}]
    aws.emr.modify_instance_groups(ClusterId=cluster, InstanceGroups=request)
    counts = core()["RequestedInstanceCount"], core()["RunningInstanceCount"]
    aws.equal(counts, (4, 2), "counts at once")
    aws.equal(core()["Status"]["State"], "RESIZING", "state")
    aws.advance(5)
    aws.equal((core()["RunningInstanceCount"], core()["Id"]), (4, group["Id"]), "count later")
    modified = aws.emr.modify_cluster(ClusterId=cluster, StepConcurrencyLevel=3)
    aws.equal(modified["StepConcurrencyLevel"], 3, "concurrency")
    steps = [step("a"), step("b"), step("c"), step("d")]
    aws.emr.add_job_flow_steps(JobFlowId=cluster, Steps=steps)
    aws.equal(aws.states(cluster), ["RUNNING"] * 3 + ["PENDING"], "steps at once")
