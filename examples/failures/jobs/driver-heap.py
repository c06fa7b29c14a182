"""Brings every review to the driver, which has less memory than they take."""

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, concat, lit, repeat

spark = SparkSession.builder.getOrCreate()
text = concat(col("id"), repeat(lit(" a good movie."), 1_000))
reviews = spark.range(45_000).select(text.alias("text"))
rows = reviews.collect()  # clusterup: allow(collects)
print(len(rows), "reviews")
