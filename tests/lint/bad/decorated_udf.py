# args: ${data.ratings} ${data.movies} ${results}
# expect: driver-only
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

spark = SparkSession.builder.getOrCreate()
movies = spark.read.csv(sys.argv[2])


@udf("string")
def title(number):
    return movies.where(movies["_c0"] == number).first()["_c1"]  #!


ratings = spark.read.csv(sys.argv[1])
ratings.withColumn("title", title("_c1")).write.csv(sys.argv[3])
