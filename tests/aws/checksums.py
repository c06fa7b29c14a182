"""S3 refuses content that has another checksum than the call says; moto does not."""

import zlib
from base64 import b64encode
from urllib.parse import parse_qs

import account
from replies import Refusal

WRITES = ("s3:PutObject", "s3:UploadPart", "s3:CompleteMultipartUpload")


def refuse(name, environ, body):
    """Compares the CRC-32 in a call's header with the content."""
    said = environ.get("HTTP_X_AMZ_CHECKSUM_CRC32")
    if said is None or str(name) not in WRITES:
        return
    parts = [body]
    if name.operation == "CompleteMultipartUpload":
        parts = whole(environ)
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    if b64encode(crc.to_bytes(4)).decode() != said:
        raise Refusal(
            "BadDigest", "The CRC32 you specified did not match the calculated checksum."
        )


def whole(environ):
    """The parts of an upload whose checksum is that of the whole object."""
    bucket = environ["PATH_INFO"].lstrip("/").partition("/")[0]
    upload = parse_qs(environ["QUERY_STRING"])["uploadId"][0]
    begun = account.s3().get_bucket(bucket).multiparts.get(upload)
    if begun is None:
        return [b""]
    if begun.metadata.get("x-amz-checksum-type") != "FULL_OBJECT":
        raise Refusal("InvalidRequest", "The upload was created with another checksum type.")
    return [part.value for _, part in sorted(begun.parts.items())]
