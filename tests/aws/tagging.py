"""The Resource Groups Tagging API: the tags of EMR's clusters, by their ARNs."""

import json

import shapes
from replies import Refusal, json_reply

MOST = 100


def answer(world, name, body):
    if name.operation != "GetResources":
        raise NotImplementedError("only the tags of named resources are read")
    asked = json.loads(body)
    arns = asked.get("ResourceARNList", [])
    if set(asked) != {"ResourceARNList"} or not 1 <= len(arns) <= MOST:
        raise Refusal("InvalidParameterException", "ResourceARNList is not valid here")
    found = (tagged(world, name.region, arn) for arn in arns)
    resources = [one for one in found if one["Tags"]]
    return json_reply({"PaginationToken": "", "ResourceTagMappingList": resources})


def tagged(world, region, arn):
    cluster = world.clusters.get(arn.rpartition("/")[2])
    here = cluster is not None and cluster.region == region and shapes.arn(cluster) == arn
    tags = cluster.tags if here and "cluster_tags" not in world.false else {}
    return {"ResourceARN": arn, "Tags": [{"Key": key, "Value": tag} for key, tag in tags.items()]}
