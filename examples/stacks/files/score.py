"""Scores customers: reads Parquet with the columns customer, visits and purchases."""

import argparse

from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

from scoring import score

parser = argparse.ArgumentParser()
parser.add_argument("--from", dest="source", required=True)
parser.add_argument("--to", dest="target", required=True)
args = parser.parse_args()

spark = SparkSession.builder.getOrCreate()
scored = udf(score, "double")
customers = spark.read.parquet(args.source)
scores = customers.select("customer", scored("visits", "purchases").alias("score"))
scores.write.mode("overwrite").csv(args.target, header=True)
