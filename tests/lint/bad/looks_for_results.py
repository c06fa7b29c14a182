# args: ${data.ratings} ${results}
# expect: opens-remote
import os
import sys
from pyspark.sql import SparkSession

source, target = sys.argv[1:]
spark = SparkSession.builder.getOrCreate()
out = f"{target}/counts"
if not os.path.exists(out):  #!
    spark.read.text(source).groupBy("value").count().write.csv(out)
