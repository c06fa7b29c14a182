"""Reads a path that is right only in the author's folder."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
ratings = spark.read.option("header", True).csv(sys.argv[1])
print(ratings.count(), "ratings")
