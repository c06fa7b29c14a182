"""A Python worker takes 700 MiB. The executor has 896 MiB in all, so the worker is killed, as the
kernel kills the largest process of a machine that has no memory left."""

import os
import signal

import container
from pyspark import SparkContext

sc = SparkContext.getOrCreate()
limit = container.size(sc.getConf())


def decode(image):
    pixels = bytearray(os.urandom(1 << 20)) * 700
    if container.used() > limit:
        os.kill(os.getpid(), signal.SIGKILL)
    return len(pixels)


print(sc.parallelize(range(1), 1).map(decode).sum(), "bytes")
