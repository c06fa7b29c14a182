"""Applications and configurations: what EMR refuses of a RunJobFlow."""

import re

from replies import Refusal

# The first release with an application, for each major release, and the last if there is one
# (EMR Release Guide, application versions).
APPLICATIONS = {
    "amazoncloudwatchagent": ([(7, 0)], None),
    "delta": ([(6, 9)], None),
    "flink": ([(5, 1)], None),
    "ganglia": ([(4, 2)], (6, 15)),
    "hadoop": ([(4, 0)], None),
    "hbase": ([(4, 6)], None),
    "hcatalog": ([(4, 4)], None),
    "hive": ([(4, 0)], None),
    "hudi": ([(5, 28)], None),
    "hue": ([(4, 1)], None),
    "iceberg": ([(6, 5)], None),
    "jupyterenterprisegateway": ([(5, 32), (6, 2)], None),
    "jupyterhub": ([(5, 14)], None),
    "livy": ([(5, 9)], None),
    "mahout": ([(4, 0)], (5, 36)),
    "mxnet": ([(5, 10)], None),
    "oozie": ([(5, 0)], None),
    "phoenix": ([(4, 7)], None),
    "pig": ([(4, 0)], None),
    "presto": ([(5, 0)], None),
    "prestosql": ([(6, 1)], (6, 3)),
    "spark": ([(4, 0)], None),
    "sqoop": ([(5, 0)], None),
    "tensorflow": ([(5, 17)], None),
    "tez": ([(4, 7)], None),
    "trino": ([(6, 4)], None),
    "zeppelin": ([(5, 0)], None),
    "zookeeper": ([(5, 0)], None),
}
# A property that only these releases know.
CLASSIFICATIONS = {"delta-defaults": (6, 9), "iceberg-defaults": (6, 5)}


def invalid(message):
    return Refusal("ValidationException", message)


def version(label):
    numbers = re.match(r"emr-(\d+)\.(\d+)", label)
    return tuple(map(int, numbers.groups())) if numbers else (99, 0)


def check(label, spec):
    for application in spec.get("Applications") or []:
        check_application(label, application.get("Name") or "")
    for configuration in spec.get("Configurations") or []:
        check_configuration(label, configuration)


def check_application(label, name):
    of = version(label)
    if name.lower() not in APPLICATIONS:
        raise invalid(f"Specified application: {name} is invalid.")
    first, last = APPLICATIONS[name.lower()]
    begun = [one for one in first if one[0] <= of[0]]
    if not begun or (of[0] == begun[-1][0] and of < begun[-1]) or (last and of > last):
        raise invalid(f"{name} is not supported for release label {label}.")


def check_configuration(label, configuration):
    """Classification, texts as properties, and the same below it (EMR API, Configuration)."""
    name = configuration.get("Classification")
    if not isinstance(name, str) or not name:
        raise invalid("A configuration needs a classification.")
    if version(label) < CLASSIFICATIONS.get(name, (0, 0)):
        raise invalid(f"Classification {name} is not supported for release label {label}.")
    for key, value in (configuration.get("Properties") or {}).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise invalid("Properties of a configuration are texts.")
    for nested in configuration.get("Configurations") or []:
        check_configuration(label, nested)
