"""The double's clock.

It starts at the machine's time, because clients compare timestamps with their own clock, and runs
at the same speed. Tests advance it or speed it up instead of waiting for clusters.
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
