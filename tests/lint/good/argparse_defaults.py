# args: --input ${data.ratings} --output=${results} --master yarn
import argparse
from pyspark.sql import SparkSession

parser = argparse.ArgumentParser()
parser.add_argument("--input", required=True)
parser.add_argument("--output", required=True)
parser.add_argument("--master", default="local[*]")
parser.add_argument("--dry-run", action="store_true")
args = parser.parse_args()
builder = SparkSession.builder.appName("job")
if args.master:
    builder = builder.master(args.master)
spark = builder.getOrCreate()
frame = spark.read.option("header", "true").csv(args.input)
if args.dry_run:
    frame.explain()
else:
    frame.write.parquet(args.output)
