# args: ${data.ratings} ${results}
from __future__ import annotations

import sys
from functools import partial
from itertools import islice
from pyspark import SparkContext


def parse(separator, line):
    return line.split(separator)


def few(rows, n=3):
    yield from islice(rows, n)


def counter():
    total = 0

    def add(n):
        nonlocal total
        total += n
        return total

    return add


sc = SparkContext.getOrCreate()
rdd = sc.textFile(sys.argv[1]).map(partial(parse, "::"))
rdd = rdd.mapPartitions(few)
add = counter()
print(add(rdd.count()))
rdd.map(lambda it: ",".join(it)).saveAsTextFile(sys.argv[2])
