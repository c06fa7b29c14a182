# args: ${data.ratings}
# results: no
# expect: local-path
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
target = "%s/%s" % ("~/out", "counts")
spark.read.text(sys.argv[1]).groupBy("value").count().write.csv(target)  #!
