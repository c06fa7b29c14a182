"""Checks of the comparison with AWS's models of its APIs."""

import copy
import json

import models
from names import Name
from replies import json_reply

GROUP = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
REQUEST = {"Name": "x", "Instances": {"InstanceGroups": [GROUP]}, "AutoTerminationPolicy": {}}


def models_of_aws(aws):
    launch = Name("emr", "RunJobFlow", "us-east-1")
    made = json_reply({"JobFlowId": "j-1"})
    models.check(launch, json.dumps(REQUEST), made)
    for place, value, why in [
        ((), {"Nome": "x"}, "Unknown parameter"),
        ((), {"Name": 3}, "Invalid type"),
        ((), {"Name": "x" * 257}, "more than 256"),
        (("Instances", "InstanceGroups", 0), {"Market": "spot"}, "not one of ON_DEMAND, SPOT"),
        (("Instances",), {"InstanceGroups": [{}]}, "Missing required parameter"),
        (("AutoTerminationPolicy",), {"IdleTimeout": "600"}, "Invalid type"),
    ]:
        request = copy.deepcopy(REQUEST)
        part = request
        for key in place:
            part = part[key]
        part.update(value)
        refused(aws, why, launch, request, made)
    refused(aws, "Unknown parameter", launch, REQUEST, json_reply({"JobFlow": "j-1"}))
    end = Name("emr", "TerminateJobFlows", "us-east-1")
    ids = {"JobFlowIds": ["j-1"]}
    models.check(end, json.dumps(ids), json_reply({}))
    refused(aws, "no reply", end, ids, json_reply(ids))


def refused(aws, why, name, request, reply):
    try:
        models.check(name, json.dumps(request), reply)
    except AssertionError as wrong:
        aws.equal(why in str(wrong), True, f"{why} in {wrong}")
    else:
        raise AssertionError(f"not refused: {why}")
