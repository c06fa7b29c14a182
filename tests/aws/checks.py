"""What the checks of the double share: a started double, and boto3 clients."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

HERE = Path(__file__).parent
REGION = "us-east-1"


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
        """Asserts that the call fails with this code."""
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
        """The states of a cluster's steps, oldest first."""
        steps = self.emr.list_steps(ClusterId=cluster)["Steps"]
        return [step["Status"]["State"] for step in reversed(steps)]


def step(name, on_failure="CONTINUE", args=("x",)):
    jar = {"Jar": "command-runner.jar", "Args": list(args)}
    return {"Name": name, "ActionOnFailure": on_failure, "HadoopJarStep": jar}
