# args: s3://lake/a s3://lake/b --tags=x --mode ${results}
# results: no
# expect: too-few-args
"""A required option after an argument that takes several words."""
import argparse

from pyspark.sql import SparkSession

parser = argparse.ArgumentParser()
parser.add_argument("inputs", nargs="+")
parser.add_argument("--tags", nargs="*")
parser.add_argument("--mode", nargs="?")
parser.add_argument("--out", required=True)  #!
args = parser.parse_args()
spark = SparkSession.builder.getOrCreate()
spark.read.text(args.inputs).write.text(args.out)
