"""A Python worker takes 700 MiB, and the stack allows less: `spark.executor.pyspark.memory` is a limit
that the kernel enforces."""

from pyspark import SparkContext


def decode(image):
    return len(bytearray(700 << 20))


sc = SparkContext.getOrCreate()
print(sc.parallelize(range(1), 1).map(decode).sum(), "bytes")
