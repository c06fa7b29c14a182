# args: ${results}
# expect: local-path
import os.path
import sys
from pyspark.sql import SparkSession

BASE = "C:/data"


def load(spark, name):
    return spark.read.option("header", True).csv(os.path.join(BASE, name))  #!


def main():
    spark = SparkSession.builder.getOrCreate()
    load(spark, "movies.csv").write.parquet(sys.argv[1])


main()
