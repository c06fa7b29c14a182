# args: ${data.ratings} ${results}
# expect: script-syntax
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
frame = spark.read.text(sys.argv[1])
frame.write.text(sys.argv[2]  #!

def unused():
    return 1
