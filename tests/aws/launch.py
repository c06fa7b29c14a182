"""RunJobFlow: what EMR refuses at once, and what it only notices while it provisions."""

import re

import account
import disks
import fleets
import software
from places import split
import subnets
from replies import Refusal

ROLES = ("MASTER", "CORE", "TASK")
INSTANCES = (
    "Please configure instances using one and only one of the following: instance groups; "
    "instance fleets; instance count, master and slave instance type."
)
# What DescribeCluster shows as it was asked for.
SHOWN = (
    "ReleaseLabel",
    "ServiceRole",
    "AutoScalingRole",
    "ScaleDownBehavior",
    "Configurations",
    "SecurityConfiguration",
    "LogEncryptionKmsKeyId",
    "CustomAmiId",
    "OSReleaseLabel",
    "EbsRootVolumeSize",
    "EbsRootVolumeIops",
    "EbsRootVolumeThroughput",
)
SECURITY_CONFIGURATIONS = ("at-rest",)


def invalid(message):
    return Refusal("ValidationException", message)


def check_partition(region, spec):
    """An ARN is of the region's partition (IAM User Guide, "Amazon Resource Names")."""
    kinds = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    own = next((kind for start, kind in kinds.items() if region.startswith(start)), "aws")
    for key in ("ServiceRole", "JobFlowRole", "AutoScalingRole", "LogEncryptionKmsKeyId"):
        value = spec.get(key) or ""
        if value.startswith("arn:") and value.split(":")[1] != own:
            raise invalid(f"{key}: {value} is not an ARN of the partition {own}.")


def check(region, spec):
    """Raises what EMR refuses before it creates a cluster."""
    if not spec.get("Name") or len(spec["Name"]) > 256 or re.search(r"[<>$|`]", spec["Name"]):
        raise invalid("Invalid cluster name.")
    label = spec.get("ReleaseLabel")
    if label not in account.release_labels(region):
        raise invalid(f"The supplied release label is invalid: {label}.")
    if not spec.get("ServiceRole"):
        raise invalid("ServiceRole is required for creating cluster.")
    if not spec.get("JobFlowRole"):
        raise invalid("InstanceProfile is required for creating cluster.")
    check_partition(region, spec)
    check_collection(spec.get("Instances", {}))
    fleets.check(label, spec)
    check_network(region, spec.get("Instances", {}))
    check_settings(region, label, spec)
    software.check(label, spec)
    for mistake in disks.mistakes(spec, version(label)):
        raise invalid(mistake)
    level = spec.get("StepConcurrencyLevel", 1)
    check_concurrency(level, label)
    for step in spec.get("Steps", []):
        check_step(step, level)
    if spec.get("AutoTerminationPolicy") is not None:
        check_policy_release(label)
        spec["AutoTerminationPolicy"] = checked_policy(spec["AutoTerminationPolicy"])


def check_collection(instances):
    """Either groups or fleets."""
    kinds = [key for key in ("InstanceGroups", "InstanceFleets") if instances.get(key)]
    if len(kinds) != 1:
        raise invalid(INSTANCES)
    if kinds == ["InstanceGroups"]:
        check_groups(instances["InstanceGroups"])


def check_groups(groups):
    if any(group.get("InstanceRole") not in ROLES for group in groups):
        raise invalid("1 validation error detected: Value at 'instanceRole' is not valid")
    masters = [group for group in groups if group["InstanceRole"] == "MASTER"]
    if len(masters) != 1:
        found = "Zero" if not masters else "Multiple"
        raise invalid(
            f"{found} master instance groups supplied, you must specify exactly one master "
            "instance group"
        )
    for group in groups:
        if group.get("Market", "ON_DEMAND") not in ("ON_DEMAND", "SPOT"):
            raise invalid("1 validation error detected: Value at 'market' is not valid")
        if int(group.get("InstanceCount", 0)) < 1:
            raise invalid("An instance group must have at least one instance")
        if not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", group.get("InstanceType", "")):
            raise invalid(f"Instance type {group.get('InstanceType')} is not supported.")
        if group.get("BidPrice") and group.get("Market") != "SPOT":
            raise invalid("Attempted to set bid price for on demand instance group.")


def check_network(region, instances):
    """Without a subnet, EMR uses the default VPC (EMR API, JobFlowInstancesConfig)."""
    subnets.check(instances)
    if instances.get("Ec2SubnetId") or instances.get("Ec2SubnetIds"):
        return
    if not account.has_default_vpc(region):
        groups = instances.get("InstanceGroups") or [{}]
        kind = groups[0].get("InstanceType")
        message = f"The specified instance type {kind} can only be used in a VPC"
        raise invalid(f"Subnet is required : {message}")


def check_settings(region, label, spec):
    name = spec.get("SecurityConfiguration")
    if name and name not in SECURITY_CONFIGURATIONS:
        raise invalid(f"Security configuration with name '{name}' does not exist.")
    key = spec.get("LogEncryptionKmsKeyId")
    if key:
        # A key is in the region of the cluster (EMR Release Guide, keys for data at rest).
        if key.split(":")[3:4] != [region]:
            raise invalid(f"The KMS key {key} is not in {region}.")
        # For 5.30.0 and later, excluding 6.0.0 (EMR API, RunJobFlow).
        if version(label) < (5, 30) or version(label) == (6, 0):
            raise invalid(f"LogEncryptionKmsKeyId is not supported for {label}.")
    image = spec.get("CustomAmiId")
    if image and not re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", image):
        raise invalid(f"The custom AMI id {image} is invalid.")
    if image and version(label) < (5, 7):
        raise invalid(f"Custom AMIs are not supported for {label}.")
    # At most 16 (EMR API, RunJobFlow).
    if len(spec.get("BootstrapActions", [])) > 16:
        raise invalid("A maximum of 16 bootstrap actions are allowed.")


def version(label):
    """The major and minor number of a label; those of a family without them are later."""
    numbers = re.match(r"emr-(\d+)\.(\d+)", label)
    return tuple(map(int, numbers.groups())) if numbers else (9, 0)


def check_concurrency(level, label):
    if not 1 <= int(level) <= 256:
        raise invalid("Invalid step concurrency level. Allowed level is from 1 to 256")
    if int(level) > 1 and version(label) < (5, 28):
        raise invalid(f"Step concurrency is not supported for {label}.")


def check_step(step, level):
    if not step.get("Name") or not step.get("HadoopJarStep", {}).get("Jar"):
        raise invalid("A step needs a name and a jar.")
    jar = step["HadoopJarStep"]
    if not jar["Jar"].startswith("s3") and jar["Jar"] != "command-runner.jar":
        raise invalid(f"The jar {jar['Jar']} is neither a runner nor in S3.")
    words = [jar["Jar"], jar.get("MainClass", ""), *jar.get("Args", [])]
    if sum(map(len, words)) > 10240:
        raise invalid("Size of step parameters exceeded the maximum limit.")
    action = step.get("ActionOnFailure", "TERMINATE_CLUSTER")
    known = ("TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW", "CANCEL_AND_WAIT", "CONTINUE")
    if action not in known:
        raise invalid("1 validation error detected: Value at 'actionOnFailure' is not valid")
    if level > 1 and action != "CONTINUE":
        raise invalid(f"ActionOnFailure {action} is not supported with a concurrency level over 1")


def check_policy_release(label):
    """EMR has auto-termination policies from 5.30.0 and 6.1.0 on (EMR Management Guide)."""
    numbers = re.match(r"emr-(\d+)\.(\d+)", label)
    if numbers and (5, 30) > tuple(map(int, numbers.groups())) or label.startswith("emr-6.0."):
        raise invalid(f"Auto-termination policies are not supported for {label}.")


def checked_policy(policy):
    timeout = int(policy.get("IdleTimeout", 3600))
    if not 60 <= timeout <= 604800:
        raise invalid("IdleTimeout must be between 60 and 604800 seconds.")
    return {"IdleTimeout": timeout}


def late_failure(region, spec):
    """What is wrong with an accepted cluster; None if nothing is."""
    instances = spec["Instances"]
    key = instances.get("Ec2KeyName")
    profile, role = spec["JobFlowRole"], spec["ServiceRole"]
    if key and not account.has_key_pair(region, key):
        found = "INVALID_SSH_KEY_NAME", f"The key pair '{key}' does not exist"
    elif not account.has_instance_profile(profile):
        detail = f"'The requested instance profile {profile} is invalid'"
        found = "INVALID_INSTANCE_PROFILE", f"Failed to provision ec2 instances because {detail}"
    elif not account.has_role(role):
        found = "INVALID_SERVICE_ROLE", f"Service role {role} is invalid"
    elif not account.documents(role):
        found = "SERVICE_ROLE", f"Service role {role} has insufficient EC2 permissions"
    elif late := subnets.late_failure(region, instances):
        found = late
    elif late := subnets.late_refusal(region, instances, role):
        found = late
    elif scripts := missing_scripts(spec):
        message = f"On the master instance, bootstrap action {scripts[0]} was not found"
        return {
            "fail_at": "BOOTSTRAPPING",
            "code": "BOOTSTRAP_FAILURE",
            "message": message,
            "error_code": "BOOTSTRAP_FAILURE_FILE_NOT_FOUND_PRIMARY",
        }
    else:
        return None
    code, message = found
    return {
        "fail_at": "STARTING",
        "code": "VALIDATION_ERROR",
        "message": message,
        "error_code": f"VALIDATION_ERROR_{code}",
    }


def missing_scripts(spec):
    """The scripts of bootstrap actions that are not in S3."""
    paths = [one["ScriptBootstrapAction"]["Path"] for one in spec.get("BootstrapActions", [])]
    ours = [path for path in paths if not path.partition(".elasticmapreduce/")[1]]
    return [path for path in ours if account.object_body(*split(path)) is None]
