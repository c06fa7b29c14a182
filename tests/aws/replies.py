"""Replies and errors in the format of each protocol."""

import json
import uuid
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import cbor2

JSON = "application/x-amz-json-1.1"


class Refusal(Exception):
    """A service refuses a call."""

    def __init__(self, code, message, status=400, **members):
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: list = field(default_factory=list)


def json_reply(value, status=200, kind=JSON):
    body = json.dumps(value).encode()
    headers = [("Content-Type", kind), ("x-amzn-RequestId", str(uuid.uuid4()))]
    return Reply(status, body, headers + [("Content-Length", str(len(body)))])


def cbor_reply(value, status=200):
    """Smithy's RPC v2."""
    body = cbor2.dumps(value)
    headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    return Reply(status, body, headers + [("Content-Length", str(len(body)))])


def refusal(service, refused):
    """An error in this service's format."""
    code, message = refused.code, refused.message
    if service in ("ec2", "s3", "iam", "sts"):
        return xml_refusal(service, code, message, refused.status)
    if service == "cloudwatch":
        return cbor_reply({"__type": code, "message": message}, refused.status)
    value = {"__type": code, "message": message, "Message": message} | refused.members
    reply = json_reply(value, refused.status)
    reply.headers.append(("x-amzn-errortype", code))
    return reply


def xml_refusal(service, code, message, status):
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    request = f"<RequestId>{uuid.uuid4()}</RequestId>"
    if service == "s3":
        text = f"<Error>{error}{request}</Error>"
    elif service == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors>{request}</Response>"
        text = text.replace("RequestId", "RequestID")
    else:
        error = f"<Error><Type>Sender</Type>{error}</Error>"
        text = f"<ErrorResponse>{error}{request}</ErrorResponse>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))]
    return Reply(status, body, headers)


def throttled(service):
    """Each service has its own error code for throttling."""
    words = {
        "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
        "s3": ("SlowDown", 503, "Please reduce your request rate."),
        "iam": ("Throttling", 400, "Rate exceeded"),
        "sts": ("Throttling", 400, "Rate exceeded"),
    }
    code, status, message = words.get(service, ("ThrottlingException", 400, "Rate exceeded"))
    return refusal(service, Refusal(code, message, status))


def broken(service):
    words = {"s3": "InternalError", "ec2": "InternalError", "emr": "InternalServerException"}
    code = words.get(service, "InternalFailure")
    return refusal(service, Refusal(code, "An internal error occurred.", 500))
