"""Loads what doubles use before they are forked. Changes nothing of the account."""

import left
import models
from werkzeug.test import Client

# For each service that moto serves, a request that only reads.
READS = {
    "ec2": [
        {"Action": action, "Version": "2016-11-15"}
        for action in ("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups")
        + ("DescribeKeyPairs", "DescribeAvailabilityZones", "DescribeInstanceTypeOfferings")
    ],
    "iam": [{"Action": "ListRoles", "Version": "2010-05-08"}],
    "sts": [{"Action": "GetCallerIdentity", "Version": "2011-06-15"}],
    "s3": [None],
    "scheduler": [None],
}
PATHS = {"scheduler": "/schedules"}
# And one that is refused: the first loads the descriptions of errors.
REFUSED = {
    "ec2": ("/", {"Action": "DescribeVpcs", "Version": "2016-11-15", "VpcId.1": "vpc-none"}),
    "iam": ("/", {"Action": "GetRole", "Version": "2010-05-08", "RoleName": "none"}),
    "s3": ("/no-such-bucket/key", None),
    "scheduler": ("/schedules/none", None),
}
REGION = "us-east-1"


def up(services):
    """Loads moto's services, and the descriptions of services that boto3 reads."""
    models.load()
    client = Client(services)
    for service, requests in READS.items():
        for form in requests:
            reply = ask(client, service, PATHS.get(service, "/"), form)
            if reply.status_code != 200:
                raise SystemExit(f"{service} {form}: {reply.get_data(as_text=True)}")
    for service, (path, form) in REFUSED.items():
        reply = ask(client, service, path, form)
        if reply.status_code not in (400, 404):
            raise SystemExit(f"{service} {path} {form}: {reply.status}")
    for service in ("ec2", "s3", "emr", "iam", "scheduler", "budgets"):
        left.client(service, 1, REGION)


def ask(client, service, path, form):
    scope = f"20260101/{REGION}/{service}/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential=warm/{scope}, SignedHeaders=a, Signature=b"
    return client.open(
        path,
        base_url=f"http://{service}.{REGION}.amazonaws.com",
        method="POST" if form else "GET",
        data=form,
        headers={"Authorization": signed},
    )
