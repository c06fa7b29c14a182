# args: --input ${data.ratings}
# results: no
# expect: too-few-args
import argparse
from pyspark.sql import SparkSession

parser = argparse.ArgumentParser()
parser.add_argument("--input", required=True)
parser.add_argument("-o", "--output", required=True)  #!
parser.add_argument("--limit", type=int, default=10)
args = parser.parse_args()
spark = SparkSession.builder.getOrCreate()
spark.read.text(args.input).limit(args.limit).write.text(args.output)
