# args: ${data.ratings} ${results}
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
target = sys.argv[2]
names = spark.createDataFrame([(1, "a")], ["n", "name"])


def save(batch, number):
    batch.join(names, "n").write.mode("append").parquet(target)
    spark.catalog.clearCache()


stream = spark.readStream.schema("n int").json(sys.argv[1])
stream.writeStream.foreachBatch(save).trigger(once=True).start().awaitTermination()
