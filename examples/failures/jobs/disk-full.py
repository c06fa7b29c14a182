"""Writes to a disk that is full. It stands for the disk of a node that shuffle files and spilled data
have filled: every write to /dev/full fails as on a full disk."""

import sys

from pyspark import SparkContext

place = sys.argv[1]


def spill(numbers):
    with open(place, "w") as file:
        for number in numbers:
            file.write(f"{number}\n")
            yield number


sc = SparkContext.getOrCreate()
print(sc.parallelize(range(1_000), 2).mapPartitions(spill).sum())
