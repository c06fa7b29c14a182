"""Names of requests: `emr:RunJobFlow`, `ec2:CreateSecurityGroup`, `s3:PutObject`.

Tests count calls and request faults by these names, which are the same for every protocol.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

READS = ("Get", "List", "Describe", "Head", "Assume")
SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/([^/]*)/([^/]+)/")
RENAMED = {"elasticmapreduce": "emr", "monitoring": "cloudwatch", "tagging": "tag"}

# Subresources of buckets and objects that have their own calls, by their query parameter.
OF_BUCKET = {
    "acl": "BucketAcl",
    "accelerate": "BucketAccelerateConfiguration",
    "cors": "BucketCors",
    "encryption": "BucketEncryption",
    "lifecycle": "BucketLifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "notification": "BucketNotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
OF_OBJECT = {
    "acl": "ObjectAcl",
    "attributes": "ObjectAttributes",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}
VERB = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head", "POST": "Post"}


@dataclass(frozen=True)
class Name:
    service: str
    operation: str
    region: str

    def __str__(self):
        return f"{self.service}:{self.operation}"

    @property
    def mutates(self):
        return self.service != "sts" and not self.operation.startswith(READS)


def name(environ, body):
    """The name of a request. Unsigned requests can only be for S3."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    presigned = "Credential=" + query.get("X-Amz-Credential", [""])[0]
    signed = SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", presigned))
    region, service = signed.groups() if signed else ("us-east-1", "s3")
    service = RENAMED.get(service, service)
    return Name(service, operation(service, environ, query, body), region)


def operation(service, environ, query, body):
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.split(".")[-1]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode("utf-8", "replace")).get("Action", ["?"])[0]
    path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
    if service == "cloudwatch":
        # Smithy's RPC v2: /service/NAME/operation/NAME.
        return path.rpartition("/")[2]
    if service == "s3":
        return of_s3(method, path, query, environ)
    if service == "scheduler":
        return of_scheduler(method, path)
    return query.get("Action", [f"{VERB.get(method, method)} {path}"])[0]


def of_s3(method, path, query, environ):
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListBuckets"
    if key:
        return of_object(method, query, environ)
    if method == "POST" and "delete" in query:
        return "DeleteObjects"
    for word, part in OF_BUCKET.items():
        if word in query:
            return VERB[method] + part
    if method == "GET":
        if "uploads" in query:
            return "ListMultipartUploads"
        if "versions" in query:
            return "ListObjectVersions"
        return "ListObjectsV2" if "list-type" in query else "ListObjects"
    return {"PUT": "CreateBucket", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}.get(
        method, "PostObject"
    )


def of_object(method, query, environ):
    for word, part in OF_OBJECT.items():
        if word in query:
            return VERB[method] + part
    copies = "HTTP_X_AMZ_COPY_SOURCE" in environ
    if "uploads" in query:
        return "CreateMultipartUpload"
    if "uploadId" in query:
        put = "UploadPartCopy" if copies else "UploadPart"
        uploads = {"PUT": put, "POST": "CompleteMultipartUpload", "GET": "ListParts"}
        return uploads.get(method, "AbortMultipartUpload")
    return "CopyObject" if copies else VERB[method] + "Object"


def of_scheduler(method, path):
    kind = "ScheduleGroup" if path.startswith("/schedule-groups") else "Schedule"
    if method == "GET" and path.strip("/").count("/") == 0:
        return f"List{kind}s"
    verbs = {"POST": "Create", "PUT": "Update", "DELETE": "Delete", "GET": "Get"}
    return verbs.get(method, method) + kind
