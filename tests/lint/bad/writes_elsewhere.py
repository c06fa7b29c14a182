# args: ${data.ratings} ${results}
# expect: nothing-home
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
counts = spark.read.csv(sys.argv[1]).groupBy("_c0").count()
counts.write.mode("overwrite").parquet("s3://somewhere/counts")  #!
