"""Compares successful calls with AWS's published models of its APIs, as botocore contains them.

Only services whose messages are JSON: moto parses and writes those of the others by the same models.
"""

import json
import re
from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

# Services by the double's names, with botocore's.
SERVICES = {
    "emr": "emr",
    "budgets": "budgets",
    "pricing": "pricing",
    "servicequotas": "service-quotas",
    "tag": "resourcegroupstaggingapi",
}


@cache
def model(service):
    return ServiceModel(Loader().load_service_model(SERVICES[service], "service-2"), service)


def load():
    """Reads the models, which takes a tenth of a second each."""
    for service in SERVICES:
        model(service)


def check(name, body, reply):
    """Raises an AssertionError if the request of a successful call, or its reply, is not one that the
    service's model allows."""
    if name.service not in SERVICES or reply.status != 200:
        return
    operation = model(name.service).operation_model(name.operation)
    check_value(f"the request {name}", json.loads(body or b"{}"), operation.input_shape)
    shape, value = operation.output_shape, json.loads(reply.body or b"{}")
    if shape is None:
        assert value == {}, f"{name} has no reply, but this was sent: {value}"
    else:
        check_value(f"the reply to {name}", value, shape)


def check_value(what, value, shape):
    report = ParamValidator().validate(value, shape)
    wrong = [report.generate_report()] if report.has_errors() else list(limits("", value, shape))
    assert not wrong, f"{what} does not fit AWS's model: {'; '.join(wrong)}"


def limits(place, value, shape):
    """What ParamValidator leaves out: the words of enumerations, greatest lengths, patterns."""
    kind = shape.type_name
    if kind == "structure":
        for key, member in value.items():
            yield from limits(f"{place}.{key}", member, shape.members[key])
    elif kind == "list":
        longest = shape.metadata.get("max")
        if longest is not None and len(value) > longest:
            yield f"{place} has {len(value)} members, more than {longest}"
        for number, member in enumerate(value):
            yield from limits(f"{place}[{number}]", member, shape.member)
    elif kind == "map":
        for key, member in value.items():
            yield from limits(f"{place}.{key}", member, shape.value)
    elif kind == "string":
        yield from limits_of_text(place, value, shape)


# Words that AWS may add to an enumeration: a test shows that the program bears them.
FUTURE = {"METEOR"}


def limits_of_text(place, text, shape):
    if shape.enum and text not in shape.enum and text not in FUTURE:
        yield f"{place} is {text!r}, not one of {', '.join(shape.enum)}"
    longest = shape.metadata.get("max")
    if longest is not None and len(text) > longest:
        yield f"{place} has {len(text)} characters, more than {longest}"
    pattern = shape.metadata.get("pattern")
    if pattern and not matches(pattern, text):
        yield f"{place} is {text!r}, which does not match {pattern}"


# What the models' patterns, which are Java's, write in another way than Python's.
JAVA = {
    "\\uD800\\uDC00-\\uDBFF\\uDFFF": "\U00010000-\U0010ffff",
    "\\p{L}": r"\w",
    "\\p{N}": r"\d",
    "\\p{Z}": r"\s",
    "(?i)": "",
}


def matches(pattern, text):
    flags = re.DOTALL | (re.IGNORECASE if "(?i)" in pattern else 0)
    for java, python in JAVA.items():
        pattern = pattern.replace(java, python)
    return re.fullmatch(pattern, text, flags) is not None
