"""Bucket policies, whose conditions moto ignores, and what cluster instances may do by them.

A separate implementation that shares no code with the program's.
"""

import fnmatch
import json

import account
from replies import Refusal, Reply

MACHINES = f"arn:aws:iam::{account.ID}:role/EMR_EC2_DefaultRole"
LONGEST = 20 * 1024


def answer(world, name, path, body):
    """Handles a call about a bucket's policy; returns None for other calls."""
    if name.service != "s3" or name.operation not in ("GetBucketPolicy", "PutBucketPolicy"):
        return None
    bucket = path.strip("/")
    if bucket not in account.buckets():
        raise Refusal("NoSuchBucket", "The specified bucket does not exist", 404)
    if name.operation == "GetBucketPolicy":
        if bucket not in world.bucket_policies:
            raise Refusal("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
        return reply(200, world.bucket_policies[bucket].encode())
    text = body.decode()
    refuse(text, bucket)
    world.bucket_policies[bucket] = text
    return reply(204, b"")


def reply(status, body):
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Reply(status, body, headers)


def many(value):
    return value if isinstance(value, list) else [value]


def refuse(text, bucket):
    """An S3 error."""
    no = "MalformedPolicy"
    try:
        document = json.loads(text)
    except ValueError:
        raise Refusal(no, "This policy contains invalid Json") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not isinstance(statements, list) or not statements or len(text) > LONGEST:
        raise Refusal(no, "Missing required field Statement")
    if document.get("Version") not in ("2012-10-17", "2008-10-17"):
        raise Refusal(no, "The policy must contain a valid version string")
    arn = f"arn:aws:s3:::{bucket}"
    for one in statements:
        if one.get("Effect") not in ("Allow", "Deny"):
            raise Refusal(no, f"Invalid effect : {one.get('Effect')}")
        for key in ("Principal", "Action", "Resource"):
            if (key in one) == (f"Not{key}" in one):
                raise Refusal(no, f"Missing required field {key}")
        for resource in many(one.get("Resource", one.get("NotResource"))):
            if resource != arn and not resource.startswith(f"{arn}/"):
                raise Refusal(no, "Policy has invalid resource")


def matches(patterns, text):
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in many(patterns))


def applies(statement, action, resource):
    for key, text in (("Action", action), ("Resource", resource)):
        named = matches(statement.get(key, statement.get(f"Not{key}")), text)
        if named != (key in statement):
            return False
    for operator, keys in statement.get("Condition", {}).items():
        if operator not in ("ArnLike", "ArnEquals", "StringEquals", "StringLike"):
            return False
        if not matches(keys.get("aws:PrincipalArn", []), MACHINES):
            return False
    return True


def machines_may(world, action, bucket, key):
    """Whether the instances' role may: its policies allow it and the bucket's do not deny it."""
    resource = f"arn:aws:s3:::{bucket}/{key}"
    own = [json.loads(text) for text in account.documents("EMR_EC2_DefaultRole")]
    if "work_folder" in world.false:
        return False
    held = world.bucket_policies.get(bucket)
    if "bucket_policy" in world.false:
        return bucket == f"clusterup-{account.ID}-us-east-1"
    guards = [json.loads(held)] if held else []
    effects = {
        statement["Effect"]
        for document in own + guards
        for statement in many(document["Statement"])
        if applies(statement, action, resource)
    }
    return "Allow" in effects and "Deny" not in effects


def put(world, bucket, key, body):
    """Writes an object as an instance. Returns whether it may, and whether the bucket exists."""
    if machines_may(world, "s3:PutObject", bucket, key):
        return account.put_object(bucket, key, body)
    world.refused.append(key)
    return False
