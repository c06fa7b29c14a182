"""CloudWatch: the metrics of EMR's clusters, over Smithy's RPC v2 in CBOR.

moto supports only CloudWatch's older protocols, none of which Amazon's SDK for Rust uses.

A cluster publishes points about its steps every five minutes once it is ready, unless a test sets
points, silence, or a failing query.
"""

from datetime import datetime

import cbor2

from replies import Refusal, cbor_reply

PERIOD = 300
MOST_QUERIES = 500
# CloudWatch returns up to 100,800 points in a page; tests need smaller pages.
PAGE = 500


def answer(world, name, body):
    if name.operation != "GetMetricData":
        raise Refusal("UnknownOperationException", f"CloudWatch has no {name.operation} here")
    asked = cbor2.loads(body)
    queries = asked["MetricDataQueries"]
    if not 1 <= len(queries) <= MOST_QUERIES or len({one["Id"] for one in queries}) < len(queries):
        raise Refusal("ValidationError", "The collection MetricDataQueries is not valid")
    if world.metrics.get("*") == "fail":
        raise Refusal("InternalServiceFault", "Unable to process the request", 500)
    begin, end = stamp(asked["StartTime"]), stamp(asked["EndTime"])
    if begin >= end:
        raise Refusal("ValidationError", "The parameter StartTime must be less than EndTime")
    first = int(asked.get("NextToken") or 0)
    size = world.metrics_page or PAGE
    shown = queries[first : first + size]
    reply = {"MetricDataResults": [result(world, name.region, one, begin, end) for one in shown]}
    if first + size < len(queries):
        reply["NextToken"] = str(first + size)
    return cbor_reply(reply)


def stamp(when):
    """cbor2 decodes a CBOR time as Python's."""
    return when.timestamp() if isinstance(when, datetime) else float(when)


def result(world, region, query, begin, end):
    stat = query["MetricStat"]
    metric = stat["Metric"]
    places = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
    if metric["Namespace"] == "AWS/S3":
        return bucket_size(world, query, metric, places, begin, end)
    if metric["Namespace"] != "AWS/ElasticMapReduce" or stat["Period"] != PERIOD:
        raise Refusal("ValidationError", f"nobody asks for {metric}")
    cluster = world.clusters.get(places["JobFlowId"])
    reply = {"Id": query["Id"], "Label": metric["MetricName"], "StatusCode": "Complete"}
    series = world.metrics.get(places["JobFlowId"])
    points = []
    if series == "fail":
        reply["StatusCode"] = "InternalError"
    elif series is not None and series != "silent":
        points = series.get(metric["MetricName"], [])
    elif series is None and cluster is not None and cluster.region == region:
        points = of_life(cluster, metric["MetricName"], begin, end)
    points = sorted((at, value) for at, value in points if begin <= at < end)
    reply["Timestamps"] = [cbor2.CBORTag(1, at) for at, _ in points]
    reply["Values"] = [float(value) for _, value in points]
    return reply


def bucket_size(world, query, metric, places, begin, end):
    """S3 publishes the size of each class of storage once a day."""
    asked = (metric["MetricName"], places.get("StorageType"), query["MetricStat"]["Period"])
    if asked != ("BucketSizeBytes", "StandardStorage", 86_400):
        raise Refusal("ValidationError", f"nobody asks for {metric}")
    series = world.metrics.get(places["BucketName"], {})
    points = sorted((at, size) for at, size in series.get("BucketSizeBytes", []) if begin <= at < end)
    return {
        "Id": query["Id"],
        "Label": metric["MetricName"],
        "StatusCode": "Complete",
        "Timestamps": [cbor2.CBORTag(1, at) for at, _ in points],
        "Values": [float(size) for _, size in points],
    }


def of_life(cluster, metric, begin, end):
    """The points that a ready cluster publishes about its steps."""
    if cluster.ready is None or "metrics" in cluster.world.false:
        return
    now = cluster.world.clock.now()
    down = cluster.since if not cluster.live else now
    at = -(-max(begin, cluster.ready) // PERIOD) * PERIOD
    while at < min(end, now, down):
        runs = any(
            step.started is not None
            and step.started <= at
            and (step.ended is None or at < step.ended)
            for step in cluster.steps
        )
        yield at, value(cluster, metric, runs)
        at += PERIOD


def value(cluster, metric, runs):
    if metric == "AppsRunning":
        return int(runs)
    if metric == "ContainerAllocated" and runs:
        return max(1, sum(group.running for group in cluster.groups if group.role != "MASTER"))
    return 0


def say(world, body):
    """Sets the metrics of one cluster, or with `*` of all."""
    series = body.get("says")
    if isinstance(series, dict):
        now = world.clock.now()
        series = {key: [[now - ago, one] for ago, one in points] for key, points in series.items()}
    if series is None:
        world.metrics.pop(body["cluster"], None)
    else:
        world.metrics[body["cluster"]] = series
    world.metrics_page = body.get("page", world.metrics_page)
