# args: ${data.ratings} ${results}
# expect: driver-only
import sys

from pyspark.sql import SparkSession


def write_part(rows):
    spark.createDataFrame(rows).write.mode("append").parquet(out)  #!


def main():
    global spark, out
    spark = SparkSession.builder.getOrCreate()
    out = sys.argv[2]
    spark.read.csv(sys.argv[1]).foreachPartition(write_part)


main()
