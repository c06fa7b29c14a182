"""Collects the reviews of each user into one row. The rows that an executor makes at a time do not fit
into its heap."""

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, collect_list, lit, repeat, size, sum

spark = SparkSession.builder.getOrCreate()
text = repeat(lit("a good movie. "), 1_000).alias("text")
reviews = spark.range(0, 22_000, 1, 2).select((col("id") % 4).alias("user"), text)
lists = reviews.groupBy("user").agg(collect_list("text").alias("texts"))
print(lists.select(sum(size("texts"))).first()[0], "reviews")
