# args: ${data.ratings} ${results}
import os
import sys

from pyspark.sql import SparkSession

if os.path.exists("/content/drive"):
    print("in a notebook")
try:
    with open("/data/settings.json") as file:
        print(file.read())
except OSError:
    print("no settings of this machine")
os.makedirs("/home/hadoop/work", exist_ok=True)
spark = SparkSession.builder.getOrCreate()
frame = spark.read.csv(sys.argv[1])
frame.write.parquet("/user/hadoop/stage1")
spark.read.parquet("/user/hadoop/stage1").write.parquet(sys.argv[2])
