"""Spark's pages as EMR serves them: a history server of EMR's own, and pages of living clusters.

AWS documents neither how long they take nor the codes of refusals. What the guides exclude is refused.
"""

import re

import account
from ids import new_id
from launch import version
from replies import Refusal

MOST = 200
DAYS = 30 * 86_400
ARN = re.compile(r"arn:aws:elasticmapreduce:([a-z0-9-]+):(\d{12}):cluster/(j-\w+)")
# A cluster with this security configuration has runtime roles.
RUNTIME_ROLES = "runtime-roles"


class AppUi:
    def __init__(self, cluster, made):
        self.id, self.cluster, self.made = new_id("p"), cluster, made


def no(message):
    return Refusal("InvalidRequestException", message)


def create(world, region, body):
    named = ARN.fullmatch(body["TargetResourceArn"])
    cluster = named and world.clusters.get(named[3])
    if not cluster or (named[1], named[2]) != (region, account.ID) or cluster.region != region:
        raise no("The target resource ARN is not valid.")
    refuse_cluster(cluster, (5, 25))
    if len(world.app_uis) >= MOST:
        raise no(f"The account has {MOST} active persistent application UIs.")
    if cluster.ended is not None and world.clock.now() > cluster.ended + DAYS:
        raise no("The applications of the cluster are no longer available.")
    made = AppUi(cluster, world.clock.now())
    world.app_uis[made.id] = made
    return {"PersistentAppUIId": made.id, "RuntimeRoleEnabledCluster": has_roles(cluster)}


def describe(world, region, body):
    found = app_ui(world, region, body)
    shown = {
        "PersistentAppUIId": found.id,
        "PersistentAppUITypeList": ["SHS", "YTS", "TEZ"],
        "PersistentAppUIStatus": "ATTACHED" if is_due(world, found.made) else "STARTING",
        "AuthorId": account.ID,
        "CreationTime": round(found.made, 3),
        "LastModifiedTime": round(found.made, 3),
    }
    return {"PersistentAppUI": shown}


def persistent_url(world, region, body):
    found = app_ui(world, region, body)
    if not is_due(world, found.made):
        raise no(f"Persistent application UI {found.id} is not attached.")
    refuse_role(found.cluster, body)
    return url(found.id, is_due(world, found.made, 2))


def on_cluster_url(world, region, body, cluster):
    refuse_cluster(cluster, (5, 33))
    if cluster.state not in ("RUNNING", "WAITING"):
        raise no(f"Cluster {cluster.id} is {cluster.state} and has no on-cluster application UI.")
    kind = body.get("OnClusterAppUIType", "SparkHistoryServer")
    if kind == "ApplicationMaster" and not body.get("ApplicationId"):
        raise no("ApplicationId is required for ApplicationMaster.")
    refuse_role(cluster, body)
    key = (cluster.id, kind, body.get("ApplicationId"))
    asked = world.on_cluster_uis.setdefault(key, world.clock.now())
    return url(f"{cluster.id}-{kind}-{body.get('ApplicationId')}", is_due(world, asked))


def app_ui(world, region, body):
    found = world.app_uis.get(body["PersistentAppUIId"])
    if found is None or found.cluster.region != region:
        raise no(f"Persistent application UI {body['PersistentAppUIId']} is not valid.")
    return found


def is_due(world, since, times=1):
    return since + times * world.durations["app_ui"] <= world.clock.now()


def refuse_cluster(cluster, least):
    if version(cluster.spec["ReleaseLabel"]) < least:
        raise no(f"Release {cluster.spec['ReleaseLabel']} has no such application UI.")
    if any(group.role == "MASTER" and group.requested > 1 for group in cluster.groups):
        raise no("Clusters with multiple primary nodes have no such application UI.")


def has_roles(cluster):
    return cluster.spec.get("SecurityConfiguration") == RUNTIME_ROLES


def refuse_role(cluster, body):
    if has_roles(cluster) and not body.get("ExecutionRoleArn"):
        raise no("ExecutionRoleArn is required for a cluster with runtime roles.")


def url(name, is_ready):
    """Before it is ready, a URL that opens nothing."""
    host = "https://example.emrappui-prod.us-east-1.amazonaws.com"
    if not is_ready:
        return {"PresignedURLReady": False, "PresignedURL": f"{host}/early?authToken=early"}
    made = f"{host}/shs/{name}?authToken=se%2Bcret-{name}"
    return {"PresignedURLReady": True, "PresignedURL": made}
