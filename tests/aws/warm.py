"""Loads what doubles use before they are forked. Changes nothing of the account."""

import left
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
REGION = "us-east-1"


def up(services):
    """Loads moto's services, and the descriptions of services that boto3 reads."""
    client = Client(services)
    for service, requests in READS.items():
        scope = f"20260101/{REGION}/{service}/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential=warm/{scope}, SignedHeaders=a, Signature=b"
        }
        host = f"http://{service}.{REGION}.amazonaws.com"
        for form in requests:
            reply = client.open(
                PATHS.get(service, "/"),
                base_url=host,
                method="POST" if form else "GET",
                data=form,
                headers=headers,
            )
            if reply.status_code != 200:
                raise SystemExit(f"{service} {form}: {reply.get_data(as_text=True)}")
    for service in ("ec2", "s3", "emr", "iam", "scheduler", "budgets"):
        left.client(service, 1, REGION)
