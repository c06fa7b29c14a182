"""Nine of ten reviews are of one movie, so one task gets nearly all of them. More partitions do not
help: the rows of a key stay together."""

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, collect_list, lit, repeat, size, sum, when

spark = SparkSession.builder.getOrCreate()
ids = spark.range(0, 13_000, 1, 8)
movie = when(col("id") % 10 > 0, 260).otherwise(col("id"))
text = repeat(lit("a good movie. "), 1_000)
reviews = ids.select(movie.alias("movie"), text.alias("text"))
lists = reviews.groupBy("movie").agg(collect_list("text").alias("texts"))
print(lists.select(sum(size("texts"))).first()[0], "reviews")
