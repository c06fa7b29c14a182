"""Behaviour of AWS that is missing in moto."""

import ipaddress
import re
from urllib.parse import parse_qs, parse_qsl, urlencode

import account
from replies import Refusal


def refuse_group_in_use(world, name, body):
    """moto deletes security groups that clusters use; EC2 does not."""
    if str(name) != "ec2:DeleteSecurityGroup":
        return
    asked = parse_qs(body.decode())
    group = asked.get("GroupId", [None])[0]
    if group is None:
        group = account.security_group_id(name.region, asked.get("GroupName", [""])[0])
    if world.holds_group(name.region, group):
        raise Refusal("DependencyViolation", f"resource {group} has a dependent object")


def refuse_without_vpc(_, name, body):
    """moto remembers the default VPC after it is deleted; EC2 does not."""
    if str(name) != "ec2:CreateSecurityGroup" or "VpcId" in parse_qs(body.decode()):
        return
    if not account.has_default_vpc(name.region):
        raise Refusal("VPCIdNotSpecified", "No default VPC for this user")


def refuse_retired(world, name, body):
    """Managed policies that AWS no longer lets anybody attach."""
    if str(name) != "iam:AttachRolePolicy":
        return
    arn = parse_qs(body.decode()).get("PolicyArn", [""])[0]
    if arn in world.retired:
        message = f"Policy {arn} does not exist or is not attachable."
        raise Refusal("NoSuchEntity", message, 404)


def assumed(name, body):
    """moto lets everybody assume any role; STS does not. A role with a name like `of-333333333333` gives
    the credentials of that account, which AWS never does."""
    if str(name) != "sts:AssumeRole":
        return body
    asked = dict(parse_qsl(body.decode()))
    arn = asked["RoleArn"]
    if arn.split(":")[4] == account.OWN:
        return body
    if not account.trusts(arn, asked.get("ExternalId")):
        user = f"arn:aws:iam::{account.OWN}:user/moto"
        message = f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise Refusal("AccessDenied", message, 403)
    if other := re.search(r"/of-(\d{12})$", arn):
        asked["RoleArn"] = arn.replace(arn.split(":")[4], other[1])
    return urlencode(asked).encode()


def refuse_without_organization(name):
    """moto lists no accounts then; Organizations refuses to list any."""
    if str(name) == "organizations:ListAccounts" and not account.has_organization():
        message = "Your account is not a member of an organization."
        raise Refusal("AWSOrganizationsNotInUseException", message)


def canonical(name, body):
    """EC2 clears the host bits of the ranges in rules, and moto does not."""
    if name.service != "ec2" or "SecurityGroup" not in name.operation or b"Cidr" not in body:
        return body
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    cleared = [(key, network(value) if "Cidr" in key else value) for key, value in pairs]
    return urlencode(cleared).encode()


def named(name, body):
    """EC2 also deletes key pairs by id; moto only by name."""
    if str(name) != "ec2:DeleteKeyPair":
        return body
    pairs = dict(parse_qsl(body.decode(), keep_blank_values=True))
    key_id = pairs.pop("KeyPairId", None)
    if key_id is not None:
        pairs["KeyName"] = account.key_pair_name(name.region, key_id) or key_id
    return urlencode(pairs).encode()


def network(text):
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return text
