# args: -- ${data.ratings} ${results}
"""The word `--` is no option."""
import argparse

from pyspark.sql import SparkSession

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("--verbose", action="store_true")
args = parser.parse_args()
spark = SparkSession.builder.getOrCreate()
spark.read.text(args.source).write.text(args.target)
