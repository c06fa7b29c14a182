"""The bootstrap action power-off.sh: it powers a primary off so many seconds after its cluster was
made, and an object in S3 may hold another number."""

import re

import account

NUMBER = re.compile(rb"([0-9]{1,9})\n*")


class PowerOff:
    def __init__(self, seconds, uri):
        self.seconds = int(seconds)
        self.bucket, _, self.key = uri.removeprefix("s3://").partition("/")

    def look(self):
        """Takes the number that the object holds; without one, the last that was known holds."""
        body = account.object_body(self.bucket, self.key)
        found = NUMBER.fullmatch(body) if body is not None else None
        if found:
            self.seconds = int(found[1])


def ordered(spec):
    """None of a cluster that has no such action."""
    for action in spec.get("BootstrapActions", []):
        script = action["ScriptBootstrapAction"]
        if script["Path"].endswith("/power-off.sh"):
            return PowerOff(*script["Args"])
    return None
