"""Counts to a thousand, to have something to run."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.range(1000).selectExpr("count(*) AS numbers").write.csv(sys.argv[1], header=True)
