# args: ${data.ratings} ${results}
# expect: no-module
import sys

import pandas  #!
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
frame = spark.read.csv(sys.argv[1])
frame.mapInPandas(lambda parts: (pandas.concat([one]) for one in parts), frame.schema).write.csv(
    sys.argv[2]
)
