"""Checks of services other than EMR: security groups in use, S3's conditions, faults, Spark."""

import gzip
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from botocore.exceptions import ClientError

from checks import REGION, step

# Of 100 times `x`, as S3 takes it.
CRC32 = "Xg5djw=="
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDWtGlG8RRmq1ztcYtrxtaWnPsNKKiD85d721y3vwJGj"


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

    crc = {"ChecksumCRC32": "AAAAAQ=="}
    aws.refused("BadDigest", aws.s3.put_object, **here, Body=b"x" * 100, **crc)
    aws.s3.put_object(**here, Body=b"x" * 100, ChecksumCRC32=CRC32)
    whole = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    upload = aws.s3.create_multipart_upload(**here, **whole)["UploadId"]
    part = {"UploadId": upload, "PartNumber": 1}
    tag = aws.s3.upload_part(**here, **part, Body=b"x" * 100, ChecksumAlgorithm="CRC32")["ETag"]
    end = {"UploadId": upload, "MultipartUpload": {"Parts": [{"ETag": tag, "PartNumber": 1}]}}
    complete = aws.s3.complete_multipart_upload
    aws.refused("BadDigest", complete, **here, **end, **crc, ChecksumType="FULL_OBJECT")
    complete(**here, **end, ChecksumCRC32=CRC32, ChecksumType="FULL_OBJECT")

    def races(number):
        try:
            asked = {"Bucket": "clusterup-b", "Key": "race", "IfNoneMatch": "*"}
            aws.s3.put_object(**asked, Body=bytes([number]) * 6_000_000)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "won"

    with ThreadPoolExecutor(8) as racers:
        ends = sorted(racers.map(races, range(8)))
    aws.equal(ends, ["PreconditionFailed"] * 7 + ["won"], "one wins a race")


def faults(aws):
    aws.post("reset", {})
    lost = {"call": "RunJobFlow", "do": "lost"}
    aws.post("faults", [{"call": "RunJobFlow", "do": "drop"}])
    aws.unanswered(aws.run, Name="clusterup/dropped")
    aws.post("faults", [lost])
    aws.unanswered(aws.run, Name="clusterup/lost")
    names = {one["Name"] for one in aws.emr.list_clusters()["Clusters"]}
    aws.equal(names & {"clusterup/dropped", "clusterup/lost"}, {"clusterup/lost"}, "handled")
    reported = [(one["call"], one["status"], one["handled"]) for one in aws.calls()]
    wanted = [("emr:RunJobFlow", 0, False), ("emr:RunJobFlow", 0, True)]
    aws.equal(reported[:2], wanted, "calls")
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
    aws.post("faults", [{"call": "HeadBucket", "do": "throttle"}])
    aws.refused("503", aws.s3.head_bucket, Bucket="clusterup-b")
    aws.s3.head_bucket(Bucket="clusterup-b")
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


def outside(aws):
    """Checks control calls of tests that need no SDK."""
    aws.post("objects/put", {"bucket": "clusterup-b", "key": "theirs", "text": "hello"})
    got = aws.post("objects/get", {"bucket": "clusterup-b", "key": "theirs"})
    aws.equal(got, {"text": "hello"}, "object")
    aws.equal(aws.ask("/_double/objects")["clusterup-b"]["theirs"], 5, "size")
    cluster = aws.run(Name="clusterup/outside")
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])
    shown = {one["id"]: one["state"] for one in aws.ask("/_double/clusters")}
    aws.equal(shown[cluster], "TERMINATING", "state")


def remains(aws):
    def left():
        return aws.post("left", {"port": aws.port, "region": REGION, "stack": "x"})

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
    interrupted_spark(aws, cluster)


def interrupted_spark(aws, cluster):
    """A cancelled step leaves its output, and no process."""
    script = "import os, sys, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"
    aws.s3.put_object(Bucket="clusterup-s", Key="sleep.py", Body=script.encode())
    long = [step("long", args=["spark-submit", "s3://clusterup-s/sleep.py"])]
    added = aws.emr.add_job_flow_steps(JobFlowId=cluster, Steps=long)["StepIds"][0]
    time.sleep(4)
    aws.advance(3600)
    aws.equal(aws.states(cluster)[-1], "RUNNING", "step")
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])
    aws.equal(aws.states(cluster)[-1], "INTERRUPTED", "step")
    key = f"logs/{cluster}/steps/{added}/stdout.gz"
    log = gzip.decompress(aws.s3.get_object(Bucket="clusterup-s", Key=key)["Body"].read())
    aws.equal(alive(int(log)), False, "process of the step")


def alive(pid):
    """Dead processes may still wait to be reaped by their new parent."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True
