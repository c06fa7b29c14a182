"""Locations in S3, as arguments of steps contain them."""

import re

# One argument may hold several, separated by commas.
PLACE = re.compile(r"s3[an]?://([^/,\s]+)(/[^,\s]*)?")


def split(place):
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = place.partition("://")[2].partition("/")
    return bucket, key


def last_bucket(args):
    """The bucket of the last location among arguments; empty if there is none."""
    found = [match.group(1) for arg in args for match in PLACE.finditer(arg)]
    return found[-1] if found else ""
