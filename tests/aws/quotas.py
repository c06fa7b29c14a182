"""Service Quotas: EC2's vCPU quota, which tests can set.

POST /_double/quota {"vcpus": 5}
"""

import json

from replies import Refusal, json_reply

KIND = "application/x-amz-json-1.1"
STANDARD = ("ec2", "L-1216C47A")
# The quota of an account that has not requested more.
VCPUS = 32


def answer(world, name, body):
    if name.operation != "GetServiceQuota":
        raise NotImplementedError("quotas are only asked for one by one")
    asked = json.loads(body)
    service, code = asked["ServiceCode"], asked["QuotaCode"]
    if (service, code) != STANDARD:
        raise Refusal("NoSuchResourceException", f"no quota {code} of {service}")
    quota = {
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        "Value": float(world.vcpus),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
    return json_reply({"Quota": quota}, kind=KIND)
