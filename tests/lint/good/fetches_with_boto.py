# args: s3://some-bucket/config.json ${results}
# packages: boto3
import json
import sys
from urllib.parse import urlparse

import boto3
from pyspark.sql import SparkSession

place = urlparse(sys.argv[1])
body = boto3.client("s3").get_object(Bucket=place.netloc, Key=place.path[1:])["Body"].read()
config = json.loads(body.decode())
spark = SparkSession.builder.getOrCreate()
spark.read.parquet(config["source"]).write.parquet(sys.argv[2])
