"""The bootstrap action power-off.sh powers a primary off a number of seconds after its cluster was
created. An object in S3 may hold another number. The primary reports which one it has read."""

import re

import account

NUMBER = re.compile(rb"([0-9]{1,9})\n*")
EVERY = 60


def parted(uri):
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class PowerOff:
    def __init__(self, seconds, uri, heard=None):
        self.seconds = int(seconds)
        self.bucket, self.key = parted(uri)
        self.heard = heard and parted(heard)
        self.reported = self.looked = None

    def look(self, now, up=True, reads=True):
        """Reads the number in the object each minute. Without an object, or if it `reads` none, the
        last number stays valid."""
        if self.looked is not None and 0 <= now - self.looked < EVERY:
            return
        self.looked = now if up else None
        body = account.object_body(self.bucket, self.key) if reads else None
        found = NUMBER.fullmatch(body) if body is not None else None
        if found:
            self.seconds = int(found[1])
        if self.heard and up and self.reported != self.seconds:
            if account.put_object(*self.heard, str(self.seconds).encode()):
                self.reported = self.seconds


def ordered(spec):
    """None if the cluster has no such action."""
    for action in spec.get("BootstrapActions", []):
        script = action["ScriptBootstrapAction"]
        if script["Path"].endswith("/power-off.sh"):
            return PowerOff(*script["Args"])
    return None
