"""Sets its own master, which wins over the cluster's. On a cluster, all tasks would run on one machine,
and the others would be paid for nothing."""

from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[*]").getOrCreate()
print(spark.range(1_000_000).count(), "ratings")
