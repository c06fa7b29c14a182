# args: ${data.ratings} ${data.movies} ${results}
# expect: driver-only
import sys

from pyspark.sql import SparkSession


def title(number):
    return spark.sql(f"select title from movies where id = {number}").first()  #!


def main():
    source, movies, out = sys.argv[1:]
    spark.read.csv(movies).createOrReplaceTempView("movies")
    ratings = spark.read.csv(source).rdd
    ratings.map(lambda row: (row[0], title(row[1]))).saveAsTextFile(out)


if __name__ == "__main__":
    spark = SparkSession.builder.appName("titles").getOrCreate()
    main()
