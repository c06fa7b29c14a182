# args: ${data.ratings} ${results} fast
# expect: script-syntax
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
frame = spark.read.text(sys.argv[1])
match sys.argv[3]:  #!
    case "fast":
        frame = frame.limit(10)
frame.write.text(sys.argv[2])
