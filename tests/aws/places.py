"""Places in S3, as arguments of steps write them."""

import re

# A comma separates several in one argument.
PLACE = re.compile(r"s3[an]?://([^/,\s]+)(/[^,\s]*)?")


def split(place):
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = place.partition("://")[2].partition("/")
    return bucket, key


def last_bucket(args):
    """The bucket of the last place among arguments; empty without any."""
    found = [match.group(1) for arg in args for match in PLACE.finditer(arg)]
    return found[-1] if found else ""
