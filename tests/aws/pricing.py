"""AWS Price List: the products that tests define, in AWS's format.

POST /_double/prices {"refuse": code, "regions": {"us-east-1": {
    "ec2": {"m5.xlarge": "0.192", ...}, "emr": {...}, "ebs": {"gp2": "0.1", ...},
    "ipv4": "0.005"}}}
"""

import json

from replies import Refusal, json_reply

KIND = "application/x-amz-json-1.1"
MOST = 100


def answer(world, name, body):
    if name.operation != "GetProducts":
        raise NotImplementedError("prices are only asked for by GetProducts")
    settings = world.prices
    if settings.get("refuse"):
        raise Refusal(settings["refuse"], "as asked")
    asked = json.loads(body)
    if asked.get("FormatVersion", "aws_v1") != "aws_v1" or asked.get("MaxResults", MOST) > MOST:
        raise Refusal("InvalidParameterException", "no such format, or too many at once")
    service, wanted = asked["ServiceCode"], {}
    for condition in asked.get("Filters", []):
        if condition["Type"] != "TERM_MATCH":
            raise Refusal("InvalidParameterException", condition["Type"])
        wanted[condition["Field"]] = condition["Value"]
    found = [product for product in products(settings, service) if matches(product, wanted)]
    begin = int(asked.get("NextToken") or 0)
    end = begin + asked.get("MaxResults", MOST)
    page = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in found[begin:end]]}
    if end < len(found):
        page["NextToken"] = str(end)
    return json_reply(page, kind=KIND)


def matches(product, wanted):
    attributes = product["product"]["attributes"]
    attributes = attributes | {"productFamily": product["product"].get("productFamily")}
    return all(attributes.get(field) == value for field, value in wanted.items())


def products(settings, service):
    """All products of a service, including those that must not match: reserved, dedicated, with
    software."""
    for region, prices in settings.get("regions", {}).items():
        at = {"regionCode": region, "locationType": "AWS Region", "servicecode": service}
        if service == "AmazonEC2":
            for kind, usd in prices["ec2"].items():
                yield from instances(kind, usd, at)
            for kind, usd in prices["ebs"].items():
                usage = {"volumeApiName": kind, "usagetype": f"EBS:VolumeUsage.{kind}"}
                yield product(at | usage, usd, "Storage")
                # A local zone, where volumes cost more.
                zone = {"locationType": "AWS Local Zone"}
                yield product(at | usage | zone, "9.9", "Storage")
        if service == "ElasticMapReduce":
            for kind, usd in prices["emr"].items():
                for software, price in (("EMR", usd), ("Hunk", "8.8")):
                    usage = {"instanceType": kind, "softwareType": software}
                    yield product(at | usage, price, "Elastic Map Reduce Instance")
        if service == "AmazonVPC":
            for usage, price in (("InUseAddress", prices["ipv4"]), ("IdleAddress", "0.007")):
                yield product(at | {"usagetype": f"USE1-PublicIPv4:{usage}"}, price)


def instances(kind, usd, at):
    attributes = at | {
        "instanceType": kind,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
        "storage": "EBS only",
        "vcpu": "4",
    }
    yield product(attributes, usd, "Compute Instance")
    for other, price in (
        ({"capacitystatus": "UnusedCapacityReservation"}, "0.0"),
        ({"marketoption": "CapacityBlock"}, "0.0"),
        ({"operatingSystem": "Windows"}, "7.7"),
        ({"tenancy": "Dedicated"}, "7.7"),
    ):
        yield product(attributes | other, price, "Compute Instance")


def product(attributes, usd, family=None):
    written = {"sku": "7NVGXCDVGHY3V7TC", "attributes": attributes}
    if family:
        written["productFamily"] = family
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": f"{usd}0000"}}
    term = {"priceDimensions": {"7NVG.JRTC.6YS6": dimension}, "termAttributes": {}}
    return {
        "product": written,
        "serviceCode": attributes["servicecode"],
        "terms": {"OnDemand": {"7NVG.JRTC": term}},
        "version": "20261120000000",
        "publicationDate": "2026-11-20T00:00:00Z",
    }
