"""EMR: clusters and what belongs to them. Steps are in emr_steps.py.

moto's EMR has no time, no step queue and only one region, so it is not used here.
"""

import json

import account
import app_uis
import emr_steps
import fleets
import launch
import shapes
import unused
from launch import invalid
from life import Cluster
from paging import page
from replies import Refusal, json_reply


def answer(world, name, body):
    """The reply to a call of EMR."""
    operation = OPERATIONS.get(name.operation)
    if operation is None:
        raise Refusal("UnknownOperationException", f"EMR has no operation {name.operation} here")
    return json_reply(operation(world, name.region, json.loads(body or b"{}")))


def described(world, region, cluster_id):
    """The cluster of a call that reports unknown ids as InvalidRequestException."""
    cluster = world.clusters.get(cluster_id)
    if cluster is None or cluster.region != region:
        raise Refusal(
            "InvalidRequestException",
            f"Cluster id '{cluster_id}' is not valid.",
            ErrorCode="NoSuchCluster",
        )
    return cluster


def listed(world, region, ids):
    """The clusters of an older call, which reports unknown ids as ValidationException."""
    if not ids:
        raise invalid("The JobFlowId list cannot be empty")
    if len(ids) > 10:
        raise invalid("1 validation error detected: Value at 'jobFlowIds' has more than 10 members")
    if len(set(ids)) < len(ids):
        raise invalid("Specified job flow ID does not exist.")
    found = [world.clusters.get(one) for one in ids]
    if any(one is None or one.region != region for one in found):
        raise invalid("Specified job flow ID not valid")
    return found


def run_job_flow(world, region, body):
    launch.check(region, body)
    failure, world.next_failure = world.next_failure, None
    failure = launch.late_failure(region, body) or failure
    cluster = Cluster(world, region, body, failure)
    world.clusters[cluster.id] = cluster
    return {"JobFlowId": cluster.id, "ClusterArn": shapes.arn(cluster)}


def describe_cluster(world, region, body):
    return {"Cluster": shapes.cluster_details(described(world, region, body.get("ClusterId")))}


def list_clusters(world, region, body):
    states = body.get("ClusterStates")
    after, before = body.get("CreatedAfter", 0), body.get("CreatedBefore", float("inf"))
    found = [
        cluster
        for cluster in reversed(world.clusters.values())
        if cluster.region == region
        and "new_cluster" not in world.false
        and (not states or cluster.state in states)
        and after <= cluster.created <= before
    ]
    return page(found, body.get("Marker"), "Clusters", shapes.cluster_entry)


def terminate_job_flows(world, region, body):
    clusters = listed(world, region, body.get("JobFlowIds"))
    now = world.clock.now()
    for cluster in clusters:
        if not cluster.protected:
            cluster.terminate(now)
    if any(cluster.protected and cluster.live for cluster in clusters):
        raise invalid(
            "Could not shut down one or more job flows since they are termination protected."
        )
    return {}


def set_termination_protection(world, region, body):
    for cluster in listed(world, region, body.get("JobFlowIds")):
        cluster.protected = body["TerminationProtected"]
    return {}


def set_keep_alive(world, region, body):
    for cluster in listed(world, region, body.get("JobFlowIds")):
        cluster.keep_alive = body["KeepJobFlowAliveWhenNoSteps"]
    return {}


def modify_cluster(world, region, body):
    cluster = described(world, region, body.get("ClusterId"))
    level = body.get("StepConcurrencyLevel", cluster.concurrency)
    launch.check_concurrency(level, cluster.spec["ReleaseLabel"])
    cluster.concurrency, cluster.moved = level, world.clock.now()
    return {"StepConcurrencyLevel": level}


def put_policy(world, region, body):
    cluster = described(world, region, body.get("ClusterId"))
    if not cluster.live:
        raise Refusal("InvalidRequestException", "The cluster is terminating or terminated.")
    launch.check_policy_release(cluster.spec["ReleaseLabel"])
    cluster.policy = launch.checked_policy(body.get("AutoTerminationPolicy", {}))
    cluster.policy_set = world.clock.now()
    return {}


def get_policy(world, region, body):
    policy = described(world, region, body.get("ClusterId")).policy
    return {"AutoTerminationPolicy": policy} if policy else {}


def remove_policy(world, region, body):
    described(world, region, body.get("ClusterId")).policy = None
    return {}


def remove_scaling(world, region, body):
    described(world, region, body.get("ClusterId")).scaling = None
    return {}


def add_tags(world, region, body):
    cluster = described(world, region, body.get("ResourceId"))
    cluster.tags |= {tag["Key"]: tag.get("Value", "") for tag in body.get("Tags", [])}
    return {}


def remove_tags(world, region, body):
    cluster = described(world, region, body.get("ResourceId"))
    for key in body.get("TagKeys", []):
        cluster.tags.pop(key, None)
    return {}


def list_instance_groups(world, region, body):
    cluster = described(world, region, body.get("ClusterId"))
    fleets.refuse_other(cluster, False)
    return page(cluster.groups, body.get("Marker"), "InstanceGroups", shapes.group)


def list_instance_fleets(world, region, body):
    cluster = described(world, region, body.get("ClusterId"))
    fleets.refuse_other(cluster, True)
    return page(cluster.groups, body.get("Marker"), "InstanceFleets", fleets.shown)


def list_instances(world, region, body):
    """Present and ended instances; none before EMR has accepted the cluster."""
    cluster = described(world, region, body.get("ClusterId"))
    of = body.get("InstanceGroupId") or body.get("InstanceFleetId")
    found = [one for one in cluster.instances() if of in (None, one.owner.id)]
    return page(found, body.get("Marker"), "Instances", shapes.instance, size=2)


def modify_instance_groups(world, region, body):
    """Accepts or refuses all changes together."""
    requests = []
    for request in body.get("InstanceGroups", []):
        found = group_of(world, region, request["InstanceGroupId"])
        if found is None:
            raise invalid(f"Instance group {request['InstanceGroupId']} is not valid.")
        cluster, group = found
        if cluster.state not in ("RUNNING", "WAITING"):
            raise invalid("An instance group may only be modified when the job flow is running.")
        count = request.get("InstanceCount")
        if group.role == "MASTER" and count not in (None, group.requested):
            raise invalid("The master instance group may not be resized.")
        if count is not None and (count < 0 or group.role == "CORE" and count < 1):
            raise invalid("An instance group must have at least one instance")
        requests.append((group, count))
    for group, count in requests:
        if count is not None and count != group.requested:
            group.resize(count, world.clock.now() + world.durations["resize"])
    return {}


def group_of(world, region, group_id):
    for cluster in world.clusters.values():
        for group in cluster.groups:
            if group.id == group_id and not cluster.is_fleet and cluster.region == region:
                return cluster, group
    return None


class Label(str):
    """For pages, a release label is its own id."""

    @property
    def id(self):
        return str(self)


def list_release_labels(world, region, body):
    filters = body.get("Filters", {})
    labels = [
        Label(label)
        for label in account.release_labels(region)
        if label.startswith(filters.get("Prefix", ""))
    ]
    # The only list of EMR with a page size and a token.
    size = body.get("MaxResults", 100)
    answer = page(labels, body.get("NextToken"), "ReleaseLabels", str, size)
    if "Marker" in answer:
        answer["NextToken"] = answer.pop("Marker")
    return answer


def get_block_public_access(world, region, body):
    """The default of a new account."""
    ports = [{"MinRange": 22, "MaxRange": 22}]
    return {
        "BlockPublicAccessConfiguration": {
            "BlockPublicSecurityGroupRules": True,
            "PermittedPublicSecurityGroupRuleRanges": ports,
        },
        "BlockPublicAccessConfigurationMetadata": {
            "CreationDateTime": 1546300800.0,
            "CreatedByArn": f"arn:aws:iam::{account.ID}:root",
        },
    }


def list_bootstrap_actions(world, region, body):
    spec = described(world, region, body.get("ClusterId")).spec
    actions = [
        {
            "Name": action["Name"],
            "ScriptPath": action["ScriptBootstrapAction"]["Path"],
            "Args": action["ScriptBootstrapAction"].get("Args", []),
        }
        for action in spec.get("BootstrapActions", [])
    ]
    return {"BootstrapActions": actions}


OPERATIONS = {
    "RunJobFlow": run_job_flow,
    "DescribeCluster": describe_cluster,
    "ListClusters": list_clusters,
    "TerminateJobFlows": terminate_job_flows,
    "SetTerminationProtection": set_termination_protection,
    "SetKeepJobFlowAliveWhenNoSteps": set_keep_alive,
    "ModifyCluster": modify_cluster,
    "PutAutoTerminationPolicy": put_policy,
    "GetAutoTerminationPolicy": get_policy,
    "RemoveAutoTerminationPolicy": remove_policy,
    "AddTags": add_tags,
    "RemoveTags": remove_tags,
    "ListInstanceGroups": list_instance_groups,
    "ListInstanceFleets": list_instance_fleets,
    "ModifyInstanceFleet": lambda world, region, body: fleets.modify(
        world, described(world, region, body.get("ClusterId")), body
    ),
    "PutManagedScalingPolicy": lambda world, region, body: fleets.put_scaling(
        world, described(world, region, body.get("ClusterId")), body
    ),
    "GetManagedScalingPolicy": lambda world, region, body: fleets.get_scaling(
        described(world, region, body.get("ClusterId"))
    ),
    "RemoveManagedScalingPolicy": remove_scaling,
    "ListInstances": list_instances,
    "ModifyInstanceGroups": modify_instance_groups,
    "ListReleaseLabels": list_release_labels,
    "GetBlockPublicAccessConfiguration": get_block_public_access,
    "ListBootstrapActions": list_bootstrap_actions,
    "ListNotebookExecutions": unused.list_notebooks,
    "CreatePersistentAppUI": app_uis.create,
    "DescribePersistentAppUI": app_uis.describe,
    "GetPersistentAppUIPresignedURL": app_uis.persistent_url,
    "GetOnClusterAppUIPresignedURL": lambda world, region, body: app_uis.on_cluster_url(
        world, region, body, described(world, region, body.get("ClusterId"))
    ),
    "ListSteps": lambda world, region, body: emr_steps.list_steps(
        described(world, region, body.get("ClusterId")), body
    ),
    "DescribeStep": lambda world, region, body: emr_steps.describe_step(
        described(world, region, body.get("ClusterId")), body
    ),
    "CancelSteps": lambda world, region, body: emr_steps.cancel_steps(
        described(world, region, body.get("ClusterId")), body
    ),
    "AddJobFlowSteps": lambda world, region, body: emr_steps.add_job_flow_steps(
        listed(world, region, [body.get("JobFlowId")])[0], body
    ),
}
