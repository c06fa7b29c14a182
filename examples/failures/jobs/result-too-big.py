"""Brings scores to the driver that are larger than `spark.driver.maxResultSize`, which is 4m here so
that the example is quick, and 1g by default."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import rand

spark = SparkSession.builder.getOrCreate()
scores = spark.range(0, 1_000_000, 1, 4).select(rand(7).alias("score"))
out = sys.argv[1] + "/scores"
print(len(scores.collect()), "scores, and nothing in", out)  # clusterup: allow(collects)
