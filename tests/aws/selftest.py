"""The double's own test, with boto3: `python selftest.py` starts it, tries it, counts what held.

    python selftest.py [--spark FILE.json]    also runs a step on a real Spark
"""

import gzip
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

HERE = Path(__file__).parent
REGION = "us-east-1"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDWtGlG8RRmq1ztcYtrxtaWnPsNKKiD85d721y3vwJGj"


class Double:
    def __init__(self, arguments):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "server.py", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.url = f"http://127.0.0.1:{self.port}"
        self.held = 0
        self.emr, self.ec2, self.s3 = map(self.client, ("emr", "ec2", "s3"))

    def client(self, service, region=REGION):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test-secret",
            config=Config(retries={"max_attempts": 0}),
        )

    def ask(self, path, value=None):
        body = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", body)) as reply:
            return json.load(reply)

    def post(self, path, value):
        return self.ask(f"/_double/{path}", value)

    def advance(self, seconds):
        self.post("clock", {"advance": seconds})

    def calls(self):
        return self.ask("/_double/calls")

    def equal(self, got, wanted, what):
        assert got == wanted, f"{what}: {got!r}, not {wanted!r}"
        self.held += 1

    def refused(self, code, call, **arguments):
        """The call is refused with this code."""
        try:
            call(**arguments)
        except ClientError as error:
            self.equal(error.response["Error"]["Code"], code, f"refusal of {call.__name__}")
            return error.response
        raise AssertionError(f"{call.__name__} was not refused")

    def unanswered(self, call, **arguments):
        try:
            call(**arguments)
        except ConnectionClosedError:
            self.held += 1
            return
        raise AssertionError(f"{call.__name__} was answered")

    def run(self, keep=True, steps=(), **more):
        instances = {
            "KeepJobFlowAliveWhenNoSteps": keep,
            "InstanceGroups": [
                {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
                {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2},
            ],
        } | more.pop("Instances", {})
        asked = {
            "Name": "clusterup/x",
            "ReleaseLabel": "emr-7.12.0",
            "ServiceRole": "EMR_DefaultRole",
            "JobFlowRole": "EMR_EC2_DefaultRole",
            "Tags": [{"Key": "clusterup-stack", "Value": "x"}],
            "Instances": instances,
            "Steps": list(steps),
        }
        return self.emr.run_job_flow(**asked | more)["JobFlowId"]

    def ready(self, **more):
        cluster = self.run(**more)
        self.advance(90)
        return cluster

    def status(self, cluster):
        return self.cluster(cluster)["Status"]

    def state(self, cluster):
        return self.status(cluster)["State"]

    def cluster(self, cluster):
        return self.emr.describe_cluster(ClusterId=cluster)["Cluster"]

    def states(self, cluster):
        """Of its steps, oldest first."""
        steps = self.emr.list_steps(ClusterId=cluster)["Steps"]
        return [step["Status"]["State"] for step in reversed(steps)]


def step(name, on_failure="CONTINUE", args=("x",)):
    jar = {"Jar": "command-runner.jar", "Args": list(args)}
    return {"Name": name, "ActionOnFailure": on_failure, "HadoopJarStep": jar}


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
    aws.equal(b"COMPLETED" in gzip.decompress(log), True, "log")
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
    told = aws.emr.cancel_steps(ClusterId=cluster, StepIds=[second])["CancelStepsInfoList"]
    aws.equal(told[0]["Status"], "SUBMITTED", "cancel")
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
    ):
        cluster = aws.run(**more)
        aws.equal(aws.state(cluster), "STARTING", "state")
        aws.advance(81)
        status = aws.status(cluster)
        aws.equal(status["State"], "TERMINATED_WITH_ERRORS", f"state with {more}")
        aws.equal(status["StateChangeReason"]["Code"], "VALIDATION_ERROR", "reason")
    for more in (
        {"ReleaseLabel": "emr-9.9.9"},
        {"ServiceRole": ""},
        {"Instances": {"InstanceGroups": []}},
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
    wish = [{"InstanceGroupId": group["Id"], "InstanceCount": 4}]
    aws.emr.modify_instance_groups(ClusterId=cluster, InstanceGroups=wish)
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


def groups_in_use(aws):
    group = aws.ec2.create_security_group(GroupName="clusterup-x", Description="d")["GroupId"]
    cidr = [{"CidrIp": "203.0.113.9/24"}]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": cidr}
    made = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    aws.equal(made["SecurityGroupRules"][0]["CidrIpv4"], "203.0.113.0/24", "network")
    rules = [made["SecurityGroupRules"][0]["SecurityGroupRuleId"]]
    aws.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=rules)
    aws.ec2.import_key_pair(KeyName="clusterup-k", PublicKeyMaterial=KEY.encode())
    pairs = aws.ec2.describe_key_pairs(KeyNames=["clusterup-k"], IncludePublicKey=True)
    aws.equal(pairs["KeyPairs"][0]["PublicKey"].startswith(KEY), True, "public key")
    used = {"AdditionalMasterSecurityGroups": [group], "Ec2KeyName": "clusterup-k"}
    cluster = aws.ready(Instances=used)
    aws.equal(aws.state(cluster), "WAITING", "state")
    attributes = aws.cluster(cluster)["Ec2InstanceAttributes"]
    aws.equal(attributes["AdditionalMasterSecurityGroups"], [group], "groups")
    delete = aws.ec2.delete_security_group
    aws.refused("DependencyViolation", delete, GroupId=group)
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])
    aws.advance(21)
    aws.equal(aws.state(cluster), "TERMINATED", "state")
    aws.refused("DependencyViolation", delete, GroupId=group)
    aws.advance(5)
    aws.equal(delete(GroupId=group)["ResponseMetadata"]["HTTPStatusCode"], 200, "deleted")


def conditions(aws):
    here = {"Bucket": "clusterup-b", "Key": "lock"}
    tag = aws.s3.put_object(**here, Body=b"1", IfNoneMatch="*")["ETag"]
    aws.refused("PreconditionFailed", aws.s3.put_object, **here, Body=b"2", IfNoneMatch="*")
    aws.refused("PreconditionFailed", aws.s3.put_object, **here, Body=b"2", IfMatch='"no"')
    aws.refused("PreconditionFailed", aws.s3.delete_object, **here, IfMatch='"no"')
    aws.s3.delete_object(**here, IfMatch=tag)
    aws.refused("404", aws.s3.head_object, **here)
    aws.refused("NoSuchKey", aws.s3.delete_object, **here, IfMatch=tag)
    upload = aws.s3.create_multipart_upload(**here)["UploadId"]
    part = {"UploadId": upload, "PartNumber": 1}
    tag = aws.s3.upload_part(**here, **part, Body=b"x" * 100)["ETag"]
    parts = {"Parts": [{"ETag": tag, "PartNumber": 1}]}
    aws.s3.complete_multipart_upload(**here, UploadId=upload, MultipartUpload=parts)
    aws.equal(aws.s3.head_object(**here)["ContentLength"], 100, "parts")


def faults(aws):
    aws.post("reset", {})
    lost = {"call": "RunJobFlow", "do": "lost"}
    aws.post("faults", [{"call": "RunJobFlow", "do": "drop"}])
    aws.unanswered(aws.run, Name="clusterup/dropped")
    aws.post("faults", [lost])
    aws.unanswered(aws.run, Name="clusterup/lost")
    names = {one["Name"] for one in aws.emr.list_clusters()["Clusters"]}
    aws.equal(names & {"clusterup/dropped", "clusterup/lost"}, {"clusterup/lost"}, "handled")
    told = [(one["call"], one["status"], one["handled"]) for one in aws.calls()]
    wanted = [("emr:RunJobFlow", 0, False), ("emr:RunJobFlow", 0, True)]
    aws.equal(told[:2], wanted, "calls")
    for call, code, status in (
        (aws.ec2.describe_vpcs, "RequestLimitExceeded", 503),
        (aws.s3.list_buckets, "SlowDown", 503),
        (aws.emr.list_clusters, "ThrottlingException", 400),
    ):
        aws.post("faults", [{"do": "throttle", "at": 2}])
        call()
        reply = aws.refused(code, call)
        aws.equal(reply["ResponseMetadata"]["HTTPStatusCode"], status, "status")
        call()
    aws.post("faults", [{"call": "s3:*", "do": "error500", "count": 2}])
    aws.refused("InternalError", aws.s3.list_buckets)
    aws.emr.list_clusters()
    aws.refused("InternalError", aws.s3.list_buckets)
    aws.s3.list_buckets()
    aws.post("faults", [{"do": "slow", "seconds": 0.3}])
    start = time.monotonic()
    aws.s3.list_buckets()
    aws.equal(time.monotonic() - start > 0.3, True, "slow")
    aws.refused("UnknownOperationException", aws.client("emr").list_studios)
    aws.refused("UnknownOperationException", aws.ec2.get_allowed_images_settings)


def kills(aws):
    here = "import boto3,sys;boto3.client('s3',endpoint_url=sys.argv[1],region_name='us-east-1',"
    keys = "aws_access_key_id='t',aws_secret_access_key='t')"
    caller = f"{here}{keys}.create_bucket(Bucket=sys.argv[2])"
    for when, made in (("before", False), ("after", True)):
        aws.post("reset", {})
        aws.post("faults", [{"do": "kill", "when": when, "call": "s3:CreateBucket"}])
        bucket = f"clusterup-kill-{when}"
        child = subprocess.run([sys.executable, "-c", caller, aws.url, bucket], check=False)
        aws.equal(child.returncode, -9, "the caller dies")
        buckets = {one["Name"] for one in aws.s3.list_buckets()["Buckets"]}
        aws.equal(bucket in buckets, made, f"killed {when}")
    sleeper = subprocess.Popen(["sleep", "60"])
    aws.post("calls/reset", {})
    aws.post("kill", {"at": 2, "when": "after", "pid": sleeper.pid})
    aws.s3.list_buckets()
    aws.equal(sleeper.poll(), None, "alive at the first call")
    aws.unanswered(aws.s3.list_buckets)
    aws.equal(sleeper.wait(2), -9, "dead at the second")
    aws.equal([one["call"] for one in aws.calls()], ["s3:ListBuckets"] * 2, "calls")


def remains(aws):
    def left():
        command = [sys.executable, HERE / "left.py", str(aws.port), REGION, "x"]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    found = left()
    aws.equal(len(found["clusters"]) > 0, True, "clusters left")
    with urllib.request.urlopen(f"{aws.url}/checkip") as reply:
        aws.equal(reply.read(), b"203.0.113.7\n", "address")
    aws.post("reset", {"all": True})
    aws.equal(set(map(len, left().values())), {0}, "nothing left")


def real_spark(aws):
    script = (
        "import sys\nfrom pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "rows = spark.read.csv(sys.argv[2])\nprint('rows', rows.count())\n"
        "rows.coalesce(1).write.mode('overwrite').csv(sys.argv[4])\n"
    )
    aws.s3.create_bucket(Bucket="clusterup-s")
    for key, text in (("app.py", script), ("in/a.csv", "1,2\n3,4\n"), ("out/stale.csv", "0\n")):
        aws.s3.put_object(Bucket="clusterup-s", Key=key, Body=text.encode())
    aws.post("roles", {})
    aws.post("steps", {"mode": "spark"})
    options = ["--deploy-mode", "client", "--num-executors", "4"]
    options += ["--conf", "spark.executor.memory=9g", "--conf", "spark.yarn.maxAppAttempts=1"]
    places = ["--ratings", "s3://clusterup-s/in/", "--out", "s3://clusterup-s/out/"]
    good = ["spark-submit", *options, "s3://clusterup-s/app.py", *places]
    bad = ["spark-submit", *options, "s3://clusterup-s/none.py"]
    steps = [step("good", args=good), step("bad", args=bad)]
    cluster = aws.ready(steps=steps, LogUri="s3://clusterup-s/logs")
    limit = time.monotonic() + 60
    while time.monotonic() < limit and aws.state(cluster) == "RUNNING":
        time.sleep(0.2)
    aws.equal(aws.states(cluster), ["COMPLETED", "FAILED"], "steps")
    keys = [one["Key"] for one in aws.s3.list_objects_v2(Bucket="clusterup-s")["Contents"]]
    out = [key for key in keys if key.startswith("out/")]
    aws.equal(any(key.startswith("out/part-") for key in out), True, f"output in {out}")
    aws.equal([key for key in out if "crc" in key or "stale" in key], [], "no strangers")
    first = aws.emr.list_steps(ClusterId=cluster)["Steps"][1]["Id"]
    key = f"logs/{cluster}/steps/{first}/stdout.gz"
    log = gzip.decompress(aws.s3.get_object(Bucket="clusterup-s", Key=key)["Body"].read())
    aws.equal(log, b"rows 2\n", "output of the driver")


def main():
    start = time.monotonic()
    aws = Double(sys.argv[1:])
    aws.post("roles", {})
    aws.s3.create_bucket(Bucket="clusterup-b")
    tests = [life, failing_steps, endings, lists, resize, groups_in_use, conditions]
    tests += [faults, kills, remains]
    if len(sys.argv) > 1:
        tests.append(real_spark)
    for test in tests:
        test(aws)
    aws.process.stdin.close()
    aws.equal(aws.process.wait(3), 0, "ends with its input")
    print(f"{aws.held} assertions hold, {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()
