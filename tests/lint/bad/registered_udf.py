# args: ${data.ratings} ${results}
# expect: driver-only
import sys

from pyspark.sql import SparkSession


def count(value):
    return spark.range(int(value)).count()  #!


def main():
    spark.udf.register("count_of", count, "long")
    spark.read.csv(sys.argv[1]).createOrReplaceTempView("ratings")
    spark.sql("select count_of(_c0) from ratings").write.csv(sys.argv[2])


spark = SparkSession.builder.getOrCreate()
main()
