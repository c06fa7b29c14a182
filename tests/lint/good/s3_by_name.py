# args: ${results}
import sys
from pyspark.sql import SparkSession

BUCKET = "some-bucket"
spark = SparkSession.builder.appName("s3").enableHiveSupport().getOrCreate()
frame = spark.read.parquet(f"s3://{BUCKET}/events/", "s3://other/events")
frame.write.format("parquet").mode("overwrite").option("compression", "zstd").save(sys.argv[1])
