# release: emr-6.x
# args: ${data.ratings} ${results}
# expect: script-syntax
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
ratings = spark.read.text(sys.argv[1])
if (rows := ratings.count()) > 0:  #!
    ratings.write.text(sys.argv[2])
