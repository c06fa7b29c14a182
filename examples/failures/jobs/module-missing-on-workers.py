"""Imports a package in a function that runs on the executors. The driver never needs it, so the
script starts well and fails in its first task."""

from pyspark import SparkContext


def shown(count):
    import humanize  # clusterup: allow(no-module)

    return humanize.intcomma(count)


sc = SparkContext.getOrCreate()
print(sc.parallelize([1_000, 1_000_000], 2).map(shown).collect())
