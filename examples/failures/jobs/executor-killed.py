"""A Python worker takes 700 MiB. The executor has 896 MiB in all, so it is killed, as YARN kills a
container that uses more than it has."""

import os
import signal

import container
from pyspark import SparkContext

sc = SparkContext.getOrCreate()
limit = container.size(sc.getConf())


def decode(image):
    pixels = bytearray(os.urandom(1 << 20)) * 700
    if container.used() > limit:
        os.kill(container.executor(), signal.SIGKILL)
        signal.pause()
    return len(pixels)


print(sc.parallelize(range(1), 1).map(decode).sum(), "bytes")
