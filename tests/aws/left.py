"""Looks at the account through boto3, and without code of the project.

`look` returns a dictionary of lists, all of them empty when nothing has the project's marks. With a
stack, only names and tags of this stack count.
"""

import json
from functools import cache

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"
ENDED = ("TERMINATED", "TERMINATED_WITH_ERRORS")


# Reading the description of EC2 takes a fifth of a second, so clients are created before a double is
# forked and has its port. Their requests are then sent to it.
NOWHERE = "http://double.invalid"
double = {"url": NOWHERE}


def client(service, port, region):
    double["url"] = f"http://127.0.0.1:{port}"
    return created(service, region)


@cache
def created(service, region):
    it = boto3.client(
        service,
        region_name=region,
        endpoint_url=NOWHERE,
        aws_access_key_id="left",
        aws_secret_access_key="left",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )
    it.meta.events.register("before-sign", send_to_double)
    return it


def send_to_double(request, **_):
    request.url = request.url.replace(NOWHERE, double["url"], 1)


def ours(tags, stack):
    """Whether tags mark a resource as the project's, and as this stack's if one is given."""
    marks = {tag["Key"]: tag["Value"] for tag in tags if tag["Key"].startswith("clusterup")}
    return bool(marks) and (not stack or stack in marks.values())


def of_ec2(ec2, stack):
    pairs = ec2.describe_key_pairs()["KeyPairs"]
    groups = ec2.describe_security_groups()["SecurityGroups"]
    return {
        "key_pairs": [one["KeyName"] for one in pairs if ours(one.get("Tags", []), stack)],
        "security_groups": [one["GroupId"] for one in groups if ours(one.get("Tags", []), stack)],
    }


def of_s3(s3, stack):
    """Objects of any stack: all stacks of an account may share a bucket."""
    buckets, objects = [], []
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if name.startswith("clusterup-"):
            buckets += [] if stack else [name]
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
            found = [one["Key"] for page in pages for one in page.get("Contents", [])]
            objects += [f"s3://{name}/{key}" for key in found if not stack or stack in key]
    return {"buckets": buckets, "objects": objects}


def of_emr(emr, stack):
    pages = emr.get_paginator("list_clusters").paginate()
    alive = [
        one
        for page in pages
        for one in page["Clusters"]
        if one["Status"]["State"] not in ENDED and one["Name"].startswith("clusterup/")
    ]
    named = [one for one in alive if not stack or stack in one["Name"].split("/")]
    return {"clusters": [{"id": one["Id"], "name": one["Name"]} for one in named]}


def of_scheduler(scheduler, stack):
    pages = scheduler.get_paginator("list_schedules").paginate()
    names = [one["Name"] for page in pages for one in page["Schedules"]]
    return {"schedules": [name for name in names if not stack or stack in name]}


def of_budgets(budgets, stack):
    """Roles, which belong to no stack."""
    pages = budgets.get_paginator("describe_budgets").paginate(AccountId=ACCOUNT)
    names = [one["BudgetName"] for page in pages for one in page["Budgets"]]
    return {"budgets": [] if stack else [name for name in names if name.startswith("clusterup")]}


def look(port, region, stack):
    found = {}
    for service, of in (
        ("ec2", of_ec2),
        ("s3", of_s3),
        ("emr", of_emr),
        ("scheduler", of_scheduler),
        ("budgets", of_budgets),
    ):
        found |= of(client(service, port, region), stack)
    return found


def call(port, region, service, operation, request):
    """The response to one call, such as `ec2`, `describe_key_pairs`."""
    response = getattr(client(service, port, region), operation)(**request)
    response.pop("ResponseMetadata", None)
    return json.loads(json.dumps(response, default=str))
