# args: ${data.ratings} ${data.movies} ${results}
# expect: driver-only
import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
movies = spark.read.csv(sys.argv[2])


def known(row):
    return movies.filter(movies["_c0"] == row[1]).count() > 0  #!


def filtered(rows):
    return rows.filter(known)


def run(path, out):
    rows = spark.read.csv(path).rdd
    filtered(rows).saveAsTextFile(out)


run(sys.argv[1], sys.argv[3])
