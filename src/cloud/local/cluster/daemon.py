"""pyspark.daemon, with two differences.

Its workers die with it, even in the midst of a long computation: Spark only closes their sockets
and signals them with SIGHUP, both of which a busy worker never notices. And PySpark is read from
its folder, where it is compiled, not from the zip that Spark puts before it.
"""

import ctypes
import os
import signal
import sys

sys.path[:] = [entry for entry in sys.path if not entry.endswith("/python/lib/pyspark.zip")]

import pyspark.daemon

DAEMON = os.getpid()
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def leash():
    # Processes that a worker itself makes are its own affair.
    if os.getppid() == DAEMON:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # Asked again after the tie: a parent that died before it would never be noticed.
        if os.getppid() != DAEMON:
            os._exit(1)


if __name__ == "__main__":
    os.register_at_fork(after_in_child=leash)
    pyspark.daemon.manager()
