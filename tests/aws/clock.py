"""The one clock of the double.

It starts at the machine's time, because a client compares what it reads with its own clock, and
flows with it. A test pushes it or makes it flow faster, instead of waiting for a cluster.
"""

import time


class Clock:
    def __init__(self):
        self.reset()

    def reset(self):
        self._shown = time.time()
        self._since = time.monotonic()
        self.speed = 1.0

    def now(self):
        """Seconds since 1970."""
        return self._shown + self.speed * (time.monotonic() - self._since)

    def change(self, advance=0.0, speed=None):
        self._shown, self._since = self.now() + advance, time.monotonic()
        if speed is not None:
            self.speed = speed
