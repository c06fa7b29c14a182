"""The only access to moto's stores: what EMR itself would read and write in the account."""

import json
import os
import re

from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.iam.models import get_account_id_from, iam_backends
from moto.moto_api._internal import moto_api_backend
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.utilities.utils import load_resource

# Load AWS's managed policies; keep objects in memory; load no EC2 images.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
os.environ.setdefault("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", str(64 * 1024 * 1024))
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

# The account of the user's own keys.
OWN = "123456789012"
# The account of the call that is handled: the functions below read and write its stores.
ID = OWN
REAPER = "clusterup-reaper"


def enter(account_id):
    """Makes an account that of the functions below."""
    global ID
    ID = account_id


def of_key(environ):
    """The account of the keys that signed a request."""
    signed = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    return get_account_id_from(signed[1]) if signed else OWN


def reset():
    moto_api_backend.reset()


def ec2(region):
    return ec2_backends[ID][region]


def iam():
    return iam_backends[ID]["aws"]


def s3():
    return s3_backends[ID]["aws"]


def has_organization():
    return organizations_backends[ID]["aws"].org is not None


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
    """Looks a profile up by its name or its ARN."""
    wanted = name.rpartition("/")[2]
    return any(profile.name == wanted for profile in iam().instance_profiles.values())


def has_role(name):
    wanted = name.rpartition("/")[2]
    return any(role.name == wanted for role in iam().roles.values())


def role(name):
    """Looks a role up by its name or its ARN; None if it does not exist."""
    wanted = name.rpartition("/")[2]
    return next((role for role in iam().roles.values() if role.name == wanted), None)


def trust(name):
    """The trust policy of a role, in JSON; empty if the role does not exist."""
    found = role(name)
    return found.assume_role_policy_document if found else ""


def text_of(policy):
    """The default version of a managed policy."""
    return next(it.document for it in policy.versions if it.is_default)


def permissions(name):
    """The inline and managed policies of a role, in JSON, one on a line."""
    found = role(name)
    if not found:
        return ""
    attached = [text_of(one) for one in found.managed_policies.values()]
    return "\n".join(map(str, [*found.policies.values(), *attached]))


def documents(name):
    """The inline and managed policies of a role, each in JSON."""
    found = role(name)
    if not found:
        return []
    own = [one if isinstance(one, str) else json.dumps(one) for one in found.policies.values()]
    return own + [text_of(one) for one in found.managed_policies.values()]


def strip_role(name):
    """Removes all policies from a role. Returns whether the role exists."""
    found = role(name)
    if found:
        found.policies.clear()
        found.managed_policies.clear()
    return found is not None


def managed_policies(name):
    """The names of the managed policies of a role."""
    found = role(name)
    return [one.name for one in found.managed_policies.values()] if found else []


def tag_of(region, resource, key):
    return ec2(region).tags.get(resource, {}).get(key)


def subnet(region, wanted):
    zones = ec2(region).subnets.values()
    return next((zone[wanted] for zone in zones if wanted in zone), None)


def vpc_of_subnet(region, wanted):
    return subnet(region, wanted).vpc_id


def vpc_of_group(region, group):
    return ec2(region).get_security_group_from_id(group).vpc_id


def default_vpc(region):
    found = ec2(region).get_default_vpc()
    return found.id if found else None


def is_private(region, wanted):
    """Whether no route of a subnet leads to an internet gateway."""
    vpc = vpc_of_subnet(region, wanted)
    tables = [table for table in ec2(region).route_tables.values() if table.vpc_id == vpc]
    own = [table for table in tables if wanted in table._associations.values()]
    main = [table for table in tables if table.main_association_id]
    table = next(iter(own or main), None)
    routes = table.routes if table else []
    return not any((route.gateway_id or "").startswith("igw-") for route in routes)


def has_default_vpc(region):
    return ec2(region).get_default_vpc() is not None


def remove_default_subnets(region):
    subnets = ec2(region).subnets
    for zone, here in subnets.items():
        subnets[zone] = {key: one for key, one in here.items() if not one.default_for_az}


def remove_default_vpcs(region):
    """With its subnets, as AWS's console does: EC2 deletes no VPC that has any."""
    remove_default_subnets(region)
    here = ec2(region)
    here.vpcs = {key: vpc for key, vpc in here.vpcs.items() if not vpc.is_default}


def remove_role(name):
    """Returns whether the role existed."""
    found = role(name)
    if found:
        del iam().roles[found.id]
    return found is not None


def default_schedules(region):
    """The schedule group that every account has."""
    return scheduler_backends[ID][region].schedule_groups["default"]


def schedules():
    """All schedules, with their regions and groups."""
    return [
        (region, group, schedule)
        for region, backend in list(scheduler_backends[ID].items())
        for group in list(backend.schedule_groups.values())
        for schedule in list(group.schedules.values())
    ]


def release_labels(region):
    """Newest first, as in EMR."""
    try:
        return load_resource(f"emr/resources/release-labels-{region}.json")
    except FileNotFoundError:
        return load_resource("emr/resources/release-labels-us-east-1.json")


def make_bucket(bucket):
    s3().create_bucket(bucket, "us-east-1")


def put_object(bucket, key, body):
    """Returns whether the bucket exists."""
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
    """Keys and contents below a prefix; empty if the bucket does not exist."""
    try:
        keys = dict(s3().get_bucket(bucket).keys.items())
    except ServiceException:
        return {}
    return {key: keys[key].value for key in keys if key.startswith(prefix)}


def claim(bucket, key, size):
    """Lets listings give an object another size."""
    s3().get_bucket(bucket).keys[key].contentsize = size


def object_body(bucket, key):
    """None if the object does not exist."""
    try:
        found = s3().get_bucket(bucket).keys.get(key)
    except ServiceException:
        return None
    return None if found is None else found.value


def make_role(name, service):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam().create_role(name, trust, "/", None, "", [], "3600")


def make_trusting_role(name, external_id):
    """Creates a role that the user's account may assume, if it sends the external id."""
    principal = {"AWS": f"arn:aws:iam::{OWN}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam().create_role(name, trust, "/", None, "", [], "3600")


def trusts(arn, external_id):
    """Whether a role of any account lets the user's account assume it."""
    owner, name = arn.split(":")[4], arn.rpartition("/")[2]
    roles = iam_backends[owner]["aws"].roles.values()
    found = next((role for role in roles if role.name == name), None)
    if not found:
        return False
    [statement] = json.loads(found.assume_role_policy_document)["Statement"]
    asked = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
    return OWN in str(statement["Principal"]) and asked in (None, external_id)


def make_reaper_role():
    """Creates the role with which schedules end clusters."""
    if has_role(REAPER):
        return
    make_role(REAPER, "scheduler")
    statement = {
        "Effect": "Allow",
        "Action": [
            "elasticmapreduce:TerminateJobFlows",
            "elasticmapreduce:SetTerminationProtection",
        ],
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam().put_role_policy(REAPER, "end", document)


def make_default_roles():
    """Creates the roles that `aws emr create-default-roles` creates."""
    for name, service, policy in (
        ("EMR_DefaultRole", "elasticmapreduce", "AmazonElasticMapReduceRole"),
        ("EMR_EC2_DefaultRole", "ec2", "AmazonElasticMapReduceforEC2Role"),
    ):
        if has_role(name):
            continue
        make_role(name, service)
        iam().attach_role_policy(f"arn:aws:iam::aws:policy/service-role/{policy}", name)
    name = "EMR_EC2_DefaultRole"
    if not has_instance_profile(name):
        iam().create_instance_profile(name, "/", [])
        iam().add_role_to_instance_profile(name, name)
