"""The network of a cluster: what EMR refuses at once, and what it notices while it provisions."""

import account
from replies import Refusal

PAIR = ("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup")
SERVICE = "ServiceAccessSecurityGroup"
ADDITIONAL = ("AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups")
MOST_ADDITIONAL = 4
EMR_TAG = "for-use-with-amazon-emr-managed-policies"


def invalid(message):
    return Refusal("ValidationException", message)


def check(instances):
    """Groups: EMR Management Guide, "Control network traffic with security groups"."""
    for kind in ADDITIONAL:
        if len(instances.get(kind, [])) > MOST_ADDITIONAL:
            raise invalid(f"{kind}: a maximum of {MOST_ADDITIONAL} groups may be specified.")
    named = [kind for kind in PAIR if instances.get(kind)]
    if len(named) == 1:
        raise invalid(f"You must specify both {PAIR[0]} and {PAIR[1]}, or neither of them.")
    subnets = instances.get("Ec2SubnetIds") or []
    placed = instances.get("Placement", {}).get("AvailabilityZone")
    if placed and (subnets or instances.get("Ec2SubnetId")):
        raise invalid("Specify either a subnet or an availability zone, not both.")
    if len(subnets) > 1 and instances.get("InstanceGroups"):
        raise invalid("Only one subnet may be specified for clusters with instance groups.")


def named_groups(instances):
    groups = [instances[kind] for kind in (*PAIR, SERVICE) if instances.get(kind)]
    return groups + [group for kind in ADDITIONAL for group in instances.get(kind, [])]


def chosen(instances):
    """The subnet of the cluster: EMR chooses one of several, and here it is the last."""
    several = instances.get("Ec2SubnetIds") or [None]
    return instances.get("Ec2SubnetId") or several[-1]


def late_refusal(region, instances, role):
    """Version 2 of AWS's policy acts on tagged subnets and groups only (EMR Management Guide)."""
    policies = account.managed_policies(role)
    if "AmazonEMRServicePolicy_v2" not in policies or "AmazonElasticMapReduceRole" in policies:
        return None
    named = [instances["Ec2SubnetId"]] if instances.get("Ec2SubnetId") else []
    subnets = named or instances.get("Ec2SubnetIds") or []
    # Without a subnet, the VPC and its subnets need the tag; that is not checked here.
    used = [*subnets, *named_groups(instances)] if subnets else []
    if all(account.tag_of(region, one, EMR_TAG) == "true" for one in used):
        return None
    return "SERVICE_ROLE", f"Service role {role} has insufficient EC2 permissions"


def late_failure(region, instances):
    """The code and message of what is wrong; None if nothing is."""
    for one in instances.get("Ec2SubnetIds") or []:
        if not account.has_subnet(region, one):
            return "INVALID_SUBNET", f"The subnet {one} does not exist"
    vpcs = {account.vpc_of_subnet(region, one) for one in instances.get("Ec2SubnetIds") or []}
    if len(vpcs) > 1:
        return "INVALID_SUBNET", "The subnets must be in one VPC"
    subnet = chosen(instances)
    if subnet and not account.has_subnet(region, subnet):
        return "INVALID_SUBNET", f"The subnet {subnet} does not exist"
    # EMR was seen to notice it only after it has accepted the cluster.
    private = subnet is not None and account.is_private(region, subnet)
    if private and instances.get(PAIR[0]) and not instances.get(SERVICE):
        message = (
            f"You must also specify a {SERVICE} if you use custom security groups when creating a "
            "cluster in a private subnet."
        )
        return "INVALID_SECURITY_GROUP", message
    if instances.get(SERVICE) and not private:
        message = f"{SERVICE} is for clusters in private subnets."
        return "INVALID_SECURITY_GROUP", message
    vpc = account.vpc_of_subnet(region, subnet) if subnet else account.default_vpc(region)
    for group in named_groups(instances):
        if not account.has_security_group(region, group):
            message = f"The security group '{group}' does not exist"
            return "INVALID_SECURITY_GROUP", message
        if account.vpc_of_group(region, group) != vpc:
            message = f"The security group '{group}' does not belong to VPC '{vpc}'"
            return "INVALID_SECURITY_GROUP", message
    return None
