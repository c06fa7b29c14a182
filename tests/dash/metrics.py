"""Reads metrics from standard input with Prometheus's own parser; tells its samples as JSON."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

json.dump(
    [
        {"name": sample.name, "labels": sample.labels, "value": sample.value}
        for family in text_string_to_metric_families(sys.stdin.read())
        for sample in family.samples
    ],
    sys.stdout,
)
