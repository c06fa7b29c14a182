"""What EMR does to a container that uses more memory than it has. Nobody limits the processes of an
executor on a single machine, so the jobs of this folder measure and act themselves."""

import os
from pathlib import Path


def size(conf):
    """The size of an executor's container in bytes: its heap, and Spark's least overhead."""
    heap = conf.get("spark.executor.memory")
    mebibytes = int(heap[:-1]) * (1024 if heap.endswith("g") else 1)
    return (mebibytes + 384) << 20


def executor():
    """The process of this worker's executor: the parent of the daemon that started the worker."""
    return parent(os.getppid())


def parent(process):
    """The parent of a process (proc_pid_stat(5))."""
    stat = Path(f"/proc/{process}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def used():
    """The memory of the executor, its daemon and this worker in bytes."""
    processes = executor(), os.getppid(), os.getpid()
    return sum(resident(process) for process in processes)


def resident(process):
    """The memory of a process in bytes (proc_pid_statm(5))."""
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
