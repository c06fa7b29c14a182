"""Imports a package that the stack does not name."""

import humanize
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print(humanize.intcomma(spark.range(1_000_000).count()), "ratings")
