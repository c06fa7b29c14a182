"""EMR's objects in the form of its replies. Times are numbers; empty fields are omitted."""

import account
import disks
import launch
import subnets

# EMR creates these by itself, once in each region.
MANAGED_GROUPS = ("sg-0e3a1f00000000001", "sg-0e3a1f00000000002")


def without_nothing(value):
    return {key: item for key, item in value.items() if item is not None}


def stamp(when):
    return None if when is None else round(when, 3)


def timeline(**times):
    return without_nothing({key: stamp(when) for key, when in times.items()})


def arn(cluster):
    return f"arn:aws:elasticmapreduce:{cluster.region}:{account.ID}:cluster/{cluster.id}"


def cluster_status(cluster):
    ready = cluster.ready
    if ready is not None and "cluster_times" in cluster.world.false:
        ready = cluster.created - 5
    return {
        "State": cluster.state,
        "StateChangeReason": cluster.reason,
        "Timeline": timeline(
            CreationDateTime=cluster.created,
            ReadyDateTime=ready,
            EndDateTime=cluster.ended,
        ),
        "ErrorDetails": cluster.details,
    }


def cluster_entry(cluster):
    """Listings have no tags."""
    return {
        "Id": cluster.id,
        "Name": cluster.name,
        "Status": cluster_status(cluster),
        "NormalizedInstanceHours": 0,
        "ClusterArn": arn(cluster),
    }


def cluster_details(cluster):
    spec = cluster.spec
    instances = spec["Instances"]
    log_uri = spec.get("LogUri")
    if log_uri:
        log_uri = "s3n://" + log_uri.partition("://")[2].rstrip("/") + "/"
    return cluster_entry(cluster) | without_nothing(
        {key: spec.get(key) for key in launch.SHOWN}
        | {
            "Ec2InstanceAttributes": ec2_attributes(cluster),
            "InstanceCollectionType": "INSTANCE_FLEET" if cluster.is_fleet else "INSTANCE_GROUP",
            "LogUri": log_uri,
            "AutoTerminate": not cluster.keep_alive,
            "TerminationProtected": cluster.protected,
            "UnhealthyNodeReplacement": instances.get("UnhealthyNodeReplacement", True),
            "VisibleToAllUsers": True,
            "Applications": applications(spec),
            "Tags": [{"Key": key, "Value": value} for key, value in cluster.tags.items()],
            "MasterPublicDnsName": master_name(cluster),
            "StepConcurrencyLevel": cluster.concurrency,
            "PlacementGroups": [],
        }
    )


def applications(spec):
    """The default of EMR is Hadoop alone."""
    asked = [{"Name": app["Name"]} for app in spec.get("Applications") or []]
    return asked or [{"Name": "Hadoop"}]


def master_name(cluster):
    """Known once there are instances."""
    provisioned = cluster.ready is not None or cluster.state == "BOOTSTRAPPING"
    if not provisioned:
        return None
    place = "compute-1" if cluster.region == "us-east-1" else f"{cluster.region}.compute"
    number = sum(cluster.id.encode()) % 250 + 1
    return f"ec2-198-51-100-{number}.{place}.amazonaws.com"


def ec2_attributes(cluster):
    instances = cluster.spec["Instances"]
    placement = instances.get("Placement", {})
    zones = [placement.get("AvailabilityZone"), *placement.get("AvailabilityZones", [])]
    zone = next(filter(None, zones), f"{cluster.region}a")
    master, core = MANAGED_GROUPS
    return without_nothing(
        {
            "Ec2KeyName": instances.get("Ec2KeyName"),
            "Ec2SubnetId": subnets.chosen(instances),
            "RequestedEc2SubnetIds": instances.get("Ec2SubnetIds"),
            "Ec2AvailabilityZone": zone,
            "IamInstanceProfile": cluster.spec.get("JobFlowRole"),
            "EmrManagedMasterSecurityGroup": instances.get("EmrManagedMasterSecurityGroup", master),
            "EmrManagedSlaveSecurityGroup": instances.get("EmrManagedSlaveSecurityGroup", core),
            "ServiceAccessSecurityGroup": instances.get("ServiceAccessSecurityGroup"),
            "AdditionalMasterSecurityGroups": instances.get("AdditionalMasterSecurityGroups", []),
            "AdditionalSlaveSecurityGroups": instances.get("AdditionalSlaveSecurityGroups", []),
        }
    )


def step(one):
    jar = one.spec["HadoopJarStep"]
    config = without_nothing(
        {
            "Jar": jar["Jar"],
            "Args": one.args,
            "MainClass": jar.get("MainClass"),
            "Properties": {item["Key"]: item["Value"] for item in jar.get("Properties", [])},
        }
    )
    status = {
        "State": one.state,
        "StateChangeReason": {},
        "FailureDetails": one.failure(),
        "Timeline": timeline(
            CreationDateTime=one.created, StartDateTime=one.started, EndDateTime=one.ended
        ),
    }
    return {
        "Id": one.id,
        "Name": one.name,
        "Config": config,
        "ActionOnFailure": one.on_failure,
        "Status": without_nothing(status),
    }


def group(one):
    spec = one.spec
    reason = {}
    if one.ended is not None:
        reason = {"Code": "CLUSTER_TERMINATED", "Message": "Job flow terminated"}
    return without_nothing(
        {
            "Id": one.id,
            "Name": spec.get("Name"),
            "Market": spec.get("Market", "ON_DEMAND"),
            "BidPrice": spec.get("BidPrice"),
            "InstanceGroupType": one.role,
            "InstanceType": spec["InstanceType"],
            "RequestedInstanceCount": one.requested,
            "RunningInstanceCount": one.running,
            "Status": {
                "State": one.state,
                "StateChangeReason": reason,
                "Timeline": timeline(
                    CreationDateTime=one.created,
                    ReadyDateTime=one.ready,
                    EndDateTime=one.ended,
                ),
            },
            "Configurations": spec.get("Configurations", []),
            "EbsBlockDevices": disks.devices(spec.get("EbsConfiguration", {})),
            "EbsOptimized": spec.get("EbsConfiguration", {}).get("EbsOptimized"),
            "ShrinkPolicy": {},
        }
    )


def instance(one):
    state = "TERMINATED" if one.ended else "RUNNING"
    times = timeline(CreationDateTime=one.created, EndDateTime=one.ended)
    of = "InstanceFleetId" if one.owner.id.startswith("if-") else "InstanceGroupId"
    return {
        "Id": one.id,
        "Ec2InstanceId": "i-" + one.id[3:],
        of: one.owner.id,
        "Status": {"State": state, "StateChangeReason": {}, "Timeline": times},
        "InstanceType": one.kind,
        "Market": one.market,
    }
