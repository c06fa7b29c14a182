"""The only door to moto's own stores: what EMR would read and write in the account by itself."""

import json
import os

from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.moto_api._internal import moto_api_backend
from moto.s3.models import s3_backends
from moto.utilities.utils import load_resource

# Policies of AWS are attachable; objects stay in memory, and no image of EC2 is loaded.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
os.environ.setdefault("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", str(64 * 1024 * 1024))
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

ID = "123456789012"


def reset():
    moto_api_backend.reset()


def ec2(region):
    return ec2_backends[ID][region]


def iam():
    return iam_backends[ID]["aws"]


def s3():
    return s3_backends[ID]["aws"]


def has_key_pair(region, name):
    return name in ec2(region).key_pairs


def has_security_group(region, group):
    return ec2(region).get_security_group_from_id(group) is not None


def security_group_id(region, name):
    group = ec2(region).get_security_group_from_name(name)
    return group.id if group else None


def key_pair_name(region, key_id):
    pairs = ec2(region).key_pairs.items()
    return next((name for name, pair in pairs if pair.id == key_id), None)


def has_subnet(region, subnet):
    return any(subnet in zone for zone in ec2(region).subnets.values())


def has_instance_profile(name):
    """By its name or its ARN."""
    wanted = name.rpartition("/")[2]
    return any(profile.name == wanted for profile in iam().instance_profiles.values())


def has_role(name):
    wanted = name.rpartition("/")[2]
    return any(role.name == wanted for role in iam().roles.values())


def release_labels(region):
    """Newest first, as EMR lists them."""
    try:
        return load_resource(f"emr/resources/release-labels-{region}.json")
    except FileNotFoundError:
        return load_resource("emr/resources/release-labels-us-east-1.json")


def put_object(bucket, key, body):
    """Whether there was a bucket to put it in."""
    try:
        s3().put_object(bucket, key, body)
    except ServiceException:
        return False
    return True


def delete_object(bucket, key):
    try:
        s3().delete_object(bucket, key)
    except ServiceException:
        return


def buckets():
    return list(s3().buckets)


def objects(bucket, prefix=""):
    """Keys and contents below a prefix; nothing of a bucket that is not there."""
    try:
        keys = dict(s3().get_bucket(bucket).keys.items())
    except ServiceException:
        return {}
    return {key: keys[key].value for key in keys if key.startswith(prefix)}


def make_default_roles():
    """The roles that `aws emr create-default-roles` makes."""
    for name, service, policy in (
        ("EMR_DefaultRole", "elasticmapreduce", "AmazonElasticMapReduceRole"),
        ("EMR_EC2_DefaultRole", "ec2", "AmazonElasticMapReduceforEC2Role"),
    ):
        if has_role(name):
            continue
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam().create_role(name, trust, "/", None, "", [], "3600")
        iam().attach_role_policy(f"arn:aws:iam::aws:policy/service-role/{policy}", name)
    name = "EMR_EC2_DefaultRole"
    if not has_instance_profile(name):
        iam().create_instance_profile(name, "/", [])
        iam().add_role_to_instance_profile(name, name)
