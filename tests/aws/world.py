"""The state of the double, and how it advances.

Everything happens under one lock. moto itself checks a condition and then writes without one, so
this also makes conditional writes as atomic as those of S3.
"""

import threading

import account
import quotas
import rights
import schedules
from clock import Clock
from faults import Calls
from rates import Rates

DURATIONS = {
    # Seconds of a cluster's phases, and of a timed step.
    "starting": 60.0,
    "bootstrapping": 30.0,
    "step": 30.0,
    "terminating": 20.0,
    # From the request of a resize to its instances.
    "resize": 5.0,
    # How long an ended cluster's network interfaces use its security groups.
    "drain": 5.0,
    # From a step's end to its logs in S3.
    "logs": 0.0,
    # From a schedule's time to its call; AWS promises a minute.
    "schedule": 20.0,
    # Until EMR has prepared a page of Spark; its own history server takes as long again for its URL.
    "app_ui": 10.0,
}


class World:
    """One account. `own` is that of the user's own keys: all accounts have its lock and its clock."""

    def __init__(self, spark=None, own=None):
        self.lock = own.lock if own else threading.RLock()
        self.clock = own.clock if own else Clock()
        self.calls = own.calls if own else Calls()
        self.spark, self.own = spark, own
        # The accounts besides this one, by their ids.
        self.others = {}
        self.clusters = {}
        self.forget()

    def forget(self):
        """Resets everything except moto's state."""
        for cluster in self.clusters.values():
            cluster.abandon()
        if self.own is None:
            self.clock.reset()
            self.calls.reset()
        self.others = {}
        self.faults = []
        self.durations = dict(DURATIONS)
        self.clusters = {}
        self.policies = {}
        self.uploads = []
        self.rules = []
        # Beliefs that a test has made false, see beliefs.py.
        self.false = set()
        self.mode = "timed"
        self.next_failure = None
        self.address = "203.0.113.7"
        self.prices = {}
        self.vcpus = quotas.VCPUS
        self.rates = Rates()
        self.budgets = {}
        self.budgets_page = None
        self.metrics = {}
        self.metrics_page = None
        self.notebooks = []
        # Ids of applications of EMR Serverless that have a job.
        self.busy_applications = set()
        # Bucket policies, and keys that instances were not allowed to write.
        self.bucket_policies = {}
        self.refused = []
        # ARNs of AWS's policies that can no longer be attached.
        self.retired = []
        # Pages of Spark that were requested: EMR's history servers by id, and clusters' pages.
        self.app_uis = {}
        self.on_cluster_uis = {}

    def enter(self, account_id):
        """The world of an account, which `account` then reads and writes."""
        account.enter(account_id)
        if account_id == account.OWN:
            return self
        if account_id not in self.others:
            self.others[account_id] = World(own=self)
        return self.others[account_id]

    def catch_up(self):
        """Advances everything to the clock's time."""
        now = self.clock.now()
        for cluster in self.clusters.values():
            if cluster.power_off and cluster.live:
                reads = "moved_deadline" not in self.false
                cluster.power_off.look(now, cluster.state != "STARTING", reads)
        schedules.catch_up(self, now)
        for cluster in self.clusters.values():
            cluster.catch_up(now)
        due = [upload for upload in self.uploads if upload.at <= now]
        self.uploads = [upload for upload in self.uploads if upload.at > now]
        for upload in due:
            rights.put(self, upload.bucket, upload.key, upload.body)

    def upload(self, upload):
        self.uploads.append(upload)

    def struck(self, name, number):
        """The faults that apply to this call."""
        return [fault for fault in self.faults if fault.due(name, number)]

    def holds_group(self, region, group):
        """The cluster that keeps a security group from being deleted; None if none does."""
        for cluster in self.clusters.values():
            drained = cluster.ended is not None and (
                cluster.ended + self.durations["drain"] <= self.clock.now()
            )
            if cluster.region == region and group in cluster.groups_of_ec2() and not drained:
                return cluster
        return None
