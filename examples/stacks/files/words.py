"""Counts the words of all text files below a folder."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, explode, split

source, target = sys.argv[1:]
spark = SparkSession.builder.getOrCreate()
words = spark.read.text(source).select(explode(split("value", r"\s+")).alias("word"))
counts = words.where(col("word") != "").groupBy("word").count()
counts.write.mode("overwrite").parquet(target)
