# args: ${data.ratings} ${results}
import sys
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv(sys.argv[1])
df = df.withColumn("n", F.lit(1))
for name in ["a", "b"]:
    df = df.withColumn(name, F.lit(name))
df = df.limit(100)
rows = df.collect()
top = df.groupBy("a").count().toPandas()
most = spark.read.csv(sys.argv[1]).select(F.max("_c2")).collect()[0][0]
few = spark.read.csv(sys.argv[1]).take(20)
spark.createDataFrame(rows).write.csv(sys.argv[2])
