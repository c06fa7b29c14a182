"""Checks of the double: foreign clusters, and the metrics of clusters in CloudWatch."""

import urllib.error
import urllib.request

import cbor2


def foreign(aws):
    steps = [
        {"name": "old", "state": "FAILED", "started": 7200, "ended": 7000},
        {"name": "hangs", "state": "RUNNING", "started": 6000},
        {"name": "next"},
    ]

    def make(**asked):
        return aws.post("foreign", asked)["id"]

    runs = make(name="etl", state="RUNNING", created=9000, protected=True, steps=steps)
    slow = make(name="slow", state="STARTING", created=5000, tags={"Owner": "ana"})
    fleet = make(name="fleet", fleet=True)
    over = make(name="over", state="TERMINATED", ended=100)
    aws.advance(3600)
    states = {one["Id"]: one["Status"]["State"] for one in aws.emr.list_clusters()["Clusters"]}
    wanted = {runs: "RUNNING", slow: "STARTING", fleet: "WAITING", over: "TERMINATED"}
    aws.equal({one: states[one] for one in wanted}, wanted, "states an hour later")
    shown = aws.emr.list_steps(ClusterId=runs)["Steps"]
    reported = [(one["Name"], one["Status"]["State"]) for one in shown]
    wanted = [("next", "PENDING"), ("hangs", "RUNNING"), ("old", "FAILED")]
    aws.equal(reported, wanted, "steps")
    described = aws.emr.describe_cluster(ClusterId=runs)["Cluster"]
    aws.equal(described["TerminationProtected"], True, "protection")
    aws.equal([one["Name"] for one in described["Applications"]], ["Hadoop", "Spark"], "applications")
    described = aws.emr.describe_cluster(ClusterId=slow)["Cluster"]
    aws.equal(described["Tags"], [{"Key": "Owner", "Value": "ana"}], "tags")
    aws.refused("InvalidRequestException", aws.emr.list_instance_groups, ClusterId=fleet)
    aws.post("foreign/change", {"id": runs, "protected": False, "end_steps": ["hangs"]})
    shown = aws.emr.list_steps(ClusterId=runs)["Steps"]
    reported = {one["Name"]: one["Status"]["State"] for one in shown}
    aws.equal((reported["hangs"], reported["next"]), ("COMPLETED", "RUNNING"), "steps as changed")
    metrics(aws, runs, slow)
    tags(aws, runs, slow)
    rates(aws)
    aws.emr.terminate_job_flows(JobFlowIds=[runs, slow, fleet])


def metrics(aws, runs, slow):
    aws.equal(values(aws, slow, "AppsRunning"), [], "before it is ready")
    busy = values(aws, runs, "AppsRunning")
    aws.equal((len(busy) >= 11, set(busy)), (True, {1.0}), "what its step says")
    series = {"AppsRunning": [[600, 3], [300, 0]]}
    aws.post("metrics", {"cluster": runs, "says": series})
    aws.equal(values(aws, runs, "AppsRunning"), [3.0, 0.0], "what a test says")
    aws.equal(values(aws, runs, "AppsPending"), [], "of what it says nothing")
    aws.post("metrics", {"cluster": runs, "says": "fail"})
    reported = result(aws, runs, "AppsRunning")["MetricDataResults"][0]
    aws.equal(reported["StatusCode"], "InternalError", "a query that fails")
    aws.post("metrics", {"cluster": "*", "says": "fail"})
    refused = result(aws, runs, "AppsRunning")
    aws.equal(refused["__type"], "InternalServiceFault", "a service that fails")
    aws.post("metrics", {"cluster": "*", "says": None})


def values(aws, cluster, metric):
    return result(aws, cluster, metric)["MetricDataResults"][0]["Values"]


def result(aws, cluster, metric):
    """The points of the last hour, over the protocol of the SDK for Rust: boto3 uses JSON."""
    now = aws.ask("/_double/clock")["now"]
    dimensions = [{"Name": "JobFlowId", "Value": cluster}]
    named = {"Namespace": "AWS/ElasticMapReduce", "MetricName": metric, "Dimensions": dimensions}
    stat = {"Metric": named, "Period": 300, "Stat": "Maximum"}
    asked = {
        "MetricDataQueries": [{"Id": "q0", "MetricStat": stat}],
        "StartTime": cbor2.CBORTag(1, now - 3600),
        "EndTime": cbor2.CBORTag(1, now),
    }
    signed = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/monitoring/aws4_request"
    headers = {"Authorization": signed, "Content-Type": "application/cbor"}
    url = f"{aws.url}/service/GraniteServiceVersion20100801/operation/GetMetricData"
    request = urllib.request.Request(url, cbor2.dumps(asked), headers)
    try:
        with urllib.request.urlopen(request) as reply:
            return cbor2.loads(reply.read())
    except urllib.error.HTTPError as refused:
        return cbor2.loads(refused.read())


def tags(aws, runs, slow):
    named = aws.client("resourcegroupstaggingapi").get_resources
    entries = aws.emr.list_clusters()["Clusters"]
    arns = {one["Id"]: one["ClusterArn"] for one in entries if one["Id"] in (runs, slow)}
    reply = named(ResourceARNList=list(arns.values()))["ResourceTagMappingList"]
    wanted = [{"ResourceARN": arns[slow], "Tags": [{"Key": "Owner", "Value": "ana"}]}]
    aws.equal(reply, wanted, "only what has a tag")
    aws.refused("InvalidParameterException", named, ResourceARNList=[arns[slow]] * 101)


def rates(aws):
    aws.post("rates", {"on": True})
    for _ in range(20):
        aws.emr.list_clusters()
    aws.refused("ThrottlingException", aws.emr.list_clusters)
    aws.post("rates", {"on": False})
    aws.emr.list_clusters()
