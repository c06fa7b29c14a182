# args: ${data.ratings} ${data.movies} ${results}
# expect: collects collects
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
ratings = spark.read.csv(sys.argv[1], sep=":")
movies = spark.read.csv(sys.argv[2], sep=":")
joined = ratings.join(movies, "_c0").select("_c0", "_c2")
frame = joined.toPandas()  #!
rows = joined.take(1000000)  #!
spark.createDataFrame(rows[: len(frame)]).write.csv(sys.argv[3])
