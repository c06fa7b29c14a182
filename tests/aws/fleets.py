"""Instance fleets and managed scaling: what EMR refuses, and its calls."""

import re

import disks
from replies import Refusal

ROLES = ("MASTER", "CORE", "TASK")
STRATEGIES = (
    "capacity-optimized",
    "price-capacity-optimized",
    "lowest-price",
    "diversified",
    "capacity-optimized-prioritized",
)
UNITS = {True: ("InstanceFleetUnits",), False: ("Instances", "VCPU")}


def invalid(message):
    return Refusal("ValidationException", message)


def version(label):
    """Major, minor and patch number; those of a family without them are later."""
    numbers = re.match(r"emr-(\d+)\.(\d+)\.(\d+)", label)
    return tuple(map(int, numbers.groups())) if numbers else (9, 0, 0)


def check(label, spec):
    """EMR API, InstanceFleetConfig, InstanceTypeConfig and SpotProvisioningSpecification."""
    fleets = spec.get("Instances", {}).get("InstanceFleets") or []
    if fleets:
        # "4.8.0 and later, excluding 5.0.x".
        if version(label) < (4, 8) or version(label)[:2] == (5, 0):
            raise invalid(f"Instance fleets are not supported for {label}.")
        check_roles(fleets)
        for fleet in fleets:
            check_fleet(label, fleet)
    if spec.get("ManagedScalingPolicy") is not None:
        has_core = any(
            role.get("InstanceRole", role.get("InstanceFleetType")) == "CORE"
            for role in fleets or spec["Instances"].get("InstanceGroups") or []
        )
        if not has_core:
            raise invalid("Managed scaling needs core nodes.")
        check_scaling(label, bool(fleets), spec["ManagedScalingPolicy"])


def check_roles(fleets):
    roles = [fleet.get("InstanceFleetType") for fleet in fleets]
    if any(role not in ROLES for role in roles):
        raise invalid("1 validation error detected: Value at 'instanceFleetType' is not valid")
    if roles.count("MASTER") != 1 or any(roles.count(role) > 1 for role in ROLES):
        raise invalid("A cluster has one master, at most one core and at most one task fleet.")
    if "TASK" in roles and "CORE" not in roles:
        raise invalid("Clusters with task fleets must also define core fleets.")


def check_fleet(label, fleet):
    launch = fleet.get("LaunchSpecifications") or {}
    spot, on_demand = launch.get("SpotSpecification"), launch.get("OnDemandSpecification")
    allocated = [one for one in (spot, on_demand) if one and one.get("AllocationStrategy")]
    if allocated and version(label) < (5, 12, 1):
        raise invalid(f"Allocation strategies are not supported for {label}.")
    kinds = fleet.get("InstanceTypeConfigs") or []
    most = 30 if allocated else 5
    if not 1 <= len(kinds) <= most:
        raise invalid(f"An instance fleet has from 1 to {most} instance types, not {len(kinds)}.")
    if len({kind["InstanceType"] for kind in kinds}) < len(kinds):
        raise invalid("An instance fleet has each instance type once.")
    weights = [int(kind.get("WeightedCapacity", 1)) for kind in kinds]
    targets = check_targets(fleet)
    is_master = fleet["InstanceFleetType"] == "MASTER"
    if min(weights) < 1 or is_master and max(weights) > 1:
        raise invalid("The weighted capacity is invalid.")
    if is_master and sum(targets) != 1:
        raise invalid("A master fleet has one target, and its value is 1.")
    if spot and not 5 <= spot["TimeoutDurationMinutes"] <= 1440:
        raise invalid("TimeoutDurationMinutes must be from 5 to 1440.")
    if spot and spot.get("AllocationStrategy", STRATEGIES[0]) not in STRATEGIES:
        raise invalid("1 validation error detected: Value at 'allocationStrategy' is not valid")


def check_targets(fleet):
    targets = [int(fleet.get(key, 0)) for key in ("TargetOnDemandCapacity", "TargetSpotCapacity")]
    if min(targets) < 0 or sum(targets) < 1:
        raise invalid("At least one target capacity must be greater than 0.")
    return targets


def check_scaling(label, is_fleet, policy):
    """Since 5.30.0, except 6.0.0 (EMR Management Guide, managed scaling); EMR API, ComputeLimits."""
    if version(label) < (5, 30) or version(label)[:2] == (6, 0):
        raise invalid(f"Managed scaling is not supported for {label}.")
    limits = policy["ComputeLimits"]
    least, most = limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]
    if limits["UnitType"] not in UNITS[is_fleet]:
        raise invalid(f"The unit type {limits['UnitType']} does not suit the cluster.")
    if not 1 <= least <= most:
        raise invalid("The minimum capacity must be from 1 to the maximum capacity.")
    for key in ("MaximumOnDemandCapacityUnits", "MaximumCoreCapacityUnits"):
        if limits.get(key) is not None and not 0 <= limits[key] <= most:
            raise invalid(f"{key} must be from 0 to the maximum capacity.")


def refuse_other(cluster, wants_fleets):
    """Groups and fleets are listed by calls of their own."""
    if cluster.is_fleet != wants_fleets:
        uses = "fleets" if cluster.is_fleet else "groups"
        raise Refusal(
            "InvalidRequestException",
            "Instance fleets and instance groups are mutually exclusive. The EMR cluster "
            f"specified in the request uses instance {uses}.",
        )


def modify(world, cluster, body):
    """Changes the targets of a core or task fleet."""
    refuse_other(cluster, True)
    asked = body["InstanceFleet"]
    found = [fleet for fleet in cluster.groups if fleet.id == asked["InstanceFleetId"]]
    if not found:
        raise Refusal("InvalidRequestException", "The instance fleet id is not valid.")
    if cluster.state not in ("RUNNING", "WAITING"):
        raise Refusal("InvalidRequestException", "The cluster is not running.")
    if found[0].role == "MASTER":
        raise Refusal("InvalidRequestException", "A master fleet cannot be modified.")
    on_demand, spot = check_targets(asked)
    targets = {"ON_DEMAND": on_demand, "SPOT": spot}
    found[0].resize(targets, world.clock.now() + world.durations["resize"])
    return {}


def put_scaling(world, cluster, body):
    if not cluster.live:
        raise Refusal("InvalidRequestException", "The cluster is terminating or terminated.")
    policy = body["ManagedScalingPolicy"]
    check_scaling(cluster.spec["ReleaseLabel"], cluster.is_fleet, policy)
    cluster.scaling = policy
    return {}


def get_scaling(cluster):
    return {"ManagedScalingPolicy": cluster.scaling} if cluster.scaling else {}


def scale(world, body):
    """EMR scales a cluster to this many nodes or units, as its load would."""
    cluster, wanted = world.clusters[body["id"]], int(body["to"])
    limits = (cluster.scaling or {}).get("ComputeLimits")
    if not limits:
        raise ValueError(f"{cluster.id} has no managed scaling")
    if not limits["MinimumCapacityUnits"] <= wanted <= limits["MaximumCapacityUnits"]:
        raise ValueError(f"{wanted} is outside the limits of {cluster.id}")
    workers = [role for role in cluster.groups if role.role != "MASTER"]
    last, now = workers[-1], world.clock.now()
    rest = max(0, wanted - sum(role.units for role in workers[:-1]))
    if cluster.is_fleet:
        others = sum(role.targets["ON_DEMAND"] for role in workers[:-1])
        most = limits.get("MaximumOnDemandCapacityUnits", wanted) - others
        on_demand = max(0, min(last.targets["ON_DEMAND"], rest, most))
        last.resize({"ON_DEMAND": on_demand, "SPOT": rest - on_demand}, now)
    else:
        last.resize(rest, now)
    last.become("RUNNING", now)


def shown(fleet):
    spec = fleet.spec
    found = {
        "Id": fleet.id,
        "InstanceFleetType": fleet.role,
        "TargetOnDemandCapacity": fleet.targets["ON_DEMAND"],
        "TargetSpotCapacity": fleet.targets["SPOT"],
        "ProvisionedOnDemandCapacity": fleet.provisioned("ON_DEMAND"),
        "ProvisionedSpotCapacity": fleet.provisioned("SPOT"),
        "InstanceTypeSpecifications": [shown_type(kind) for kind in spec["InstanceTypeConfigs"]],
        "Status": {"State": fleet.state, "StateChangeReason": {}},
    }
    return found | {key: spec[key] for key in ("Name", "LaunchSpecifications") if spec.get(key)}


def shown_type(kind):
    """EMR API, InstanceTypeSpecification."""
    same = (
        "BidPrice",
        "BidPriceAsPercentageOfOnDemandPrice",
        "Configurations",
        "CustomAmiId",
        "Priority",
    )
    return {
        "InstanceType": kind["InstanceType"],
        "WeightedCapacity": int(kind.get("WeightedCapacity", 1)),
        "EbsBlockDevices": disks.devices(kind.get("EbsConfiguration") or {}),
    } | {key: kind[key] for key in same if kind.get(key) is not None}
