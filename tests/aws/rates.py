"""EMR's documented rates: a token bucket for each call, which a test can turn on.

POST /_double/rates {"on": true}
"""

import time

# Burst and calls per second (AWS General Reference, "Amazon EMR endpoints and quotas").
RATES = {
    "DescribeCluster": (10, 1.0),
    "ListInstanceGroups": (10, 1.0),
    "ListClusters": (20, 0.5),
    "ListSteps": (10, 0.5),
    "TerminateJobFlows": (10, 0.5),
    "AddTags": (5, 0.5),
    "RemoveTags": (5, 0.5),
    "GetAutoTerminationPolicy": (5, 0.5),
}
# All calls of EMR together, and those without a row.
ALL = (200, 50.0)


class Rates:
    """The buckets of an account, by region and operation."""

    def __init__(self, on=False):
        self.on = on
        self.buckets = {}

    def throttles(self, name):
        """Whether a call finds its bucket, or that of all calls, empty."""
        if not self.on or name.service != "emr":
            return False
        asked = [(name.region, "all", *ALL)]
        if name.operation in RATES:
            asked.append((name.region, name.operation, *RATES[name.operation]))
        now = time.monotonic()
        filled = [(self.bucket(now, *one), one[:2]) for one in asked]
        if any(tokens < 1 for tokens, _ in filled):
            return True
        for tokens, key in filled:
            self.buckets[key] = (tokens - 1, now)
        return False

    def bucket(self, now, region, operation, burst, rate):
        tokens, at = self.buckets.get((region, operation), (burst, now))
        tokens = min(burst, tokens + (now - at) * rate)
        self.buckets[region, operation] = (tokens, now)
        return tokens
