# args: ${data.ratings} ${results}
import sys
from multiprocessing.pool import ThreadPool
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()


def one(column):
    frame = spark.read.csv(sys.argv[1])
    frame.groupBy(column).count().write.csv(f"{sys.argv[2]}/{column}")


ThreadPool(3).map(one, ["_c0", "_c1", "_c2"])
list(map(lambda name: spark.catalog.dropTempView(name), ["a"]))
