"""Checks of the double: instance fleets, managed scaling and several subnets."""


def fleet(role, kinds=("m5.xlarge",), on_demand=0, spot=0, **more):
    types = [
        kind if isinstance(kind, dict) else {"InstanceType": kind, "WeightedCapacity": 1}
        for kind in kinds
    ]
    targets = {"TargetOnDemandCapacity": on_demand, "TargetSpotCapacity": spot}
    return {"InstanceFleetType": role, "InstanceTypeConfigs": types} | targets | more


def policy(unit, least, most, **more):
    limits = {"UnitType": unit, "MinimumCapacityUnits": least, "MaximumCapacityUnits": most}
    return {"ComputeLimits": limits | more}


PRIMARY = fleet("MASTER", on_demand=1)
HEAVY = {"InstanceType": "m5.2xlarge", "WeightedCapacity": 2}


def launch(**spot):
    action = {"TimeoutDurationMinutes": 10, "TimeoutAction": "SWITCH_TO_ON_DEMAND"}
    return {"LaunchSpecifications": {"SpotSpecification": action | spot}}


def of(*fleets, **more):
    """Without the groups that the other checks have."""
    return {"Instances": {"InstanceFleets": list(fleets), "InstanceGroups": []} | more}


def fleets(aws):
    refuse(aws)
    core = fleet("CORE", ["m5.xlarge", HEAVY], on_demand=1, spot=4, **launch())
    scaling = {"ManagedScalingPolicy": policy("InstanceFleetUnits", 2, 10)}
    cluster = aws.ready(**of(PRIMARY, core), **scaling)
    aws.equal(aws.cluster(cluster)["InstanceCollectionType"], "INSTANCE_FLEET", "its kind")
    aws.refused("InvalidRequestException", aws.emr.list_instance_groups, ClusterId=cluster)
    shown = aws.emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"][1]
    bought = living(aws, cluster, shown["Id"])
    # Not all of the first type.
    mix = {("m5.2xlarge", "ON_DEMAND"), ("m5.xlarge", "SPOT"), ("m5.2xlarge", "SPOT")}
    aws.equal(set(bought), mix, "the mix")
    filled = shown["ProvisionedOnDemandCapacity"], shown["ProvisionedSpotCapacity"]
    aws.equal((filled[0] >= 1, filled[1] >= 4), (True, True), "targets are filled")
    asked = {"InstanceFleetId": shown["Id"], "TargetOnDemandCapacity": 0, "TargetSpotCapacity": 2}
    aws.emr.modify_instance_fleet(ClusterId=cluster, InstanceFleet=asked)
    aws.advance(120)
    markets = {market for _, market in living(aws, cluster, shown["Id"])}
    aws.equal(markets, {"SPOT"}, "after the change of targets")
    ended = [one for one in instances(aws, cluster) if one["Status"]["State"] == "TERMINATED"]
    aws.equal(all("EndDateTime" in one["Status"]["Timeline"] for one in ended), True, "ends")
    change = aws.emr.modify_instance_fleet
    aws.refused(
        "ValidationException", change, ClusterId=cluster, InstanceFleet=asked | {"TargetSpotCapacity": 0}
    )
    scales(aws, cluster)
    groups(aws)


def scales(aws, cluster):
    get, put = aws.emr.get_managed_scaling_policy, aws.emr.put_managed_scaling_policy
    aws.post("scale", {"id": cluster, "to": 8})
    shown = aws.emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"][1]
    aws.equal(shown["TargetSpotCapacity"], 8, "scaled up")
    found = get(ClusterId=cluster)["ManagedScalingPolicy"]["ComputeLimits"]
    aws.equal(found["MaximumCapacityUnits"], 10, "limits")
    wrong = policy("Instances", 1, 5)
    aws.refused("ValidationException", put, ClusterId=cluster, ManagedScalingPolicy=wrong)
    aws.emr.remove_managed_scaling_policy(ClusterId=cluster)
    aws.equal("ManagedScalingPolicy" in get(ClusterId=cluster), False, "removed")
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])


def groups(aws):
    cluster = aws.ready(ManagedScalingPolicy=policy("Instances", 1, 4))
    aws.refused("InvalidRequestException", aws.emr.list_instance_fleets, ClusterId=cluster)
    aws.post("scale", {"id": cluster, "to": 4})
    aws.advance(60)
    aws.post("scale", {"id": cluster, "to": 1})
    shown = aws.emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"][1]
    aws.equal(shown["RequestedInstanceCount"], 1, "scaled down")
    aws.equal((len(instances(aws, cluster)), len(living(aws, cluster))), (5, 2), "instances")
    aws.emr.terminate_job_flows(JobFlowIds=[cluster])


def refuse(aws):
    core = fleet("CORE", spot=2)
    groups = [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}]
    kinds = [f"m{n}.xlarge" for n in range(31)]
    scaled = {"ManagedScalingPolicy": policy("Instances", 1, 5)}
    for more in (
        of(PRIMARY, core, InstanceGroups=groups),
        of(core),
        of(PRIMARY, PRIMARY),
        of(PRIMARY, fleet("TASK", spot=1)),
        of(fleet("MASTER", on_demand=2), core),
        of(fleet("MASTER", [HEAVY], on_demand=1), core),
        of(PRIMARY, fleet("CORE")),
        of(PRIMARY, fleet("CORE", kinds[:6], spot=1)),
        of(PRIMARY, fleet("CORE", kinds, spot=1, **launch(AllocationStrategy="diversified"))),
        of(PRIMARY, fleet("CORE", ["m5.xlarge", "m5.xlarge"], spot=1)),
        of(PRIMARY, fleet("CORE", spot=1, **launch(TimeoutDurationMinutes=4))),
        of(PRIMARY, fleet("CORE", spot=1, **launch(TimeoutDurationMinutes=1441))),
        of(PRIMARY, core) | scaled,
        {"ManagedScalingPolicy": policy("InstanceFleetUnits", 1, 5)},
        {"ManagedScalingPolicy": policy("Instances", 0, 5)},
        {"ManagedScalingPolicy": policy("Instances", 6, 5)},
        {"ManagedScalingPolicy": policy("Instances", 1, 5, MaximumCoreCapacityUnits=6)},
        {"Instances": {"InstanceGroups": groups}} | scaled,
        {"Instances": {"Ec2SubnetIds": ["subnet-1", "subnet-2"]}},
    ):
        aws.refused("ValidationException", aws.run, **more)


def instances(aws, cluster):
    pages = aws.emr.get_paginator("list_instances").paginate(ClusterId=cluster)
    return [one for page in pages for one in page["Instances"]]


def living(aws, cluster, fleet=None):
    alive = [one for one in instances(aws, cluster) if one["Status"]["State"] == "RUNNING"]
    return [
        (one["InstanceType"], one["Market"])
        for one in alive
        if fleet in (None, one.get("InstanceFleetId"))
    ]
