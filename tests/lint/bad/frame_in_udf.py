# args: ${data.ratings} ${data.movies} ${results}
# expect: driver-only
import sys
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

spark = SparkSession.builder.getOrCreate()
ratings = spark.read.csv(sys.argv[1], sep=":")
movies = spark.read.csv(sys.argv[2], sep=":")


def title(number):
    row = movies.where(movies["_c0"] == number).first()  #!
    return row["_c1"]


name = F.udf(title, StringType())
ratings.withColumn("title", name("_c1")).write.csv(sys.argv[3])
