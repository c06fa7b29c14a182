"""Parses years in a UDF. One title has none."""

from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

spark = SparkSession.builder.getOrCreate()
titles = ["Heat (1995)", "Toy Story (1995)", "Metropolis"]
movies = spark.createDataFrame([(title,) for title in titles], ["title"])


@udf("int")
def year(title):
    return int(title[-5:-1])


movies.select("title", year("title").alias("year")).show()
