# args: ${data.ratings} ${results}
import os
import sys
from pyspark.sql import SparkSession

builder = SparkSession.builder
if os.environ.get("RUN_LOCAL"):
    builder = builder.master("local[*]").config("spark.executor.memory", "1g")
    source = "file:///tmp/x"
else:
    source = sys.argv[1]
spark = builder.getOrCreate()
spark.read.text(source).write.text(sys.argv[2])
