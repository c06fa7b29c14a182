"""pyspark.daemon, with two differences.

Its workers die with it, even in the midst of a long computation: Spark only closes their sockets
and signals them with SIGHUP, both of which a busy worker never notices. And PySpark is read from
its folder, where it is compiled, not from the zip that Spark puts before it; a Python that the job
brings has no such folder, or that of another Spark, and keeps the zip.
"""

import ctypes
import importlib.util
import os
import signal
import sys



def leave_zip():
    before = list(sys.path)
    sys.path[:] = [entry for entry in before if not entry.endswith("/python/lib/pyspark.zip")]
    found = importlib.util.find_spec("pyspark")
    home = os.path.realpath(os.environ.get("SPARK_HOME", ""))
    if not found or not found.origin or os.path.realpath(os.path.dirname(found.origin)) != home:
        sys.path[:] = before


leave_zip()

import pyspark.daemon

DAEMON = os.getpid()
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def leash():
    # Processes that a worker starts are not tied.
    if os.getppid() == DAEMON:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # Checked after the tie: a parent that died before it would not be noticed.
        if os.getppid() != DAEMON:
            os._exit(1)


if __name__ == "__main__":
    os.register_at_fork(after_in_child=leash)
    pyspark.daemon.manager()
