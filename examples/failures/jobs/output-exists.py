"""Writes a preview, and then the whole table to the same place. Spark never writes into a folder that
exists, unless the job says what to do with it."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
out = sys.argv[1] + "/squares"
squares = spark.range(1_000).selectExpr("id", "id * id AS square")
squares.limit(10).write.csv(out)
squares.write.csv(out)
