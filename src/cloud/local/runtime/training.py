"""Loads the classes that jobs load, so that Java can archive them. Runs once, at install."""
import base64
import os
import sys
import time
import urllib.request

from pyspark import SparkContext, StorageLevel
from pyspark.sql import SparkSession, functions

out = sys.argv[1]
sc = SparkContext()
lines = sc.parallelize([f"{i % 7}::{i}::3" for i in range(1000)], 2)
lines.saveAsTextFile(out + "/text")
read = sc.textFile(out + "/text").map(lambda line: tuple(line.split("::"))).persist(StorageLevel.MEMORY_AND_DISK)
read.map(lambda row: (int(row[0]), 1)).partitionBy(2).reduceByKey(lambda a, b: a + b).collect()
sc.broadcast([1, 2, 3])

spark = SparkSession.builder.getOrCreate()
frame = spark.createDataFrame(read.map(lambda row: (int(row[0]), int(row[1]), 0.5)), "a long, b long, c double")
frame.write.mode("overwrite").parquet(out + "/parquet")
again = spark.read.parquet(out + "/parquet")
joined = again.join(again.select("a", functions.col("b").alias("d")), "a")
joined.groupBy("a").agg(functions.sum("b"), functions.max("c")).orderBy("a").collect()
again.limit(10).write.mode("overwrite").option("header", True).csv(out + "/csv")

pair = f"clusterup:{os.environ['CLUSTERUP_UI_PASSWORD']}".encode()
owner = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
place = f"{sc.uiWebUrl}/api/v1/applications"
for path in ("", f"/{sc.applicationId}/stages", f"/{sc.applicationId}/jobs"):
    asked = urllib.request.Request(place + path, headers=owner)
    urllib.request.urlopen(asked, timeout=10).read()

# An executor writes its list of classes when it exits by itself, not when it is killed.
sc.stop()
time.sleep(2)
