# args: --tags=x --mode fast s3://lake/a s3://lake/b --out ${results}
"""Arguments that take several words, and options after them."""
import argparse

from pyspark.sql import SparkSession

parser = argparse.ArgumentParser()
parser.add_argument("inputs", nargs="+")
parser.add_argument("--out", required=True)
parser.add_argument("--tags", nargs="*")
parser.add_argument("--mode", nargs="?", required=True)
args = parser.parse_args()
spark = SparkSession.builder.getOrCreate()
spark.read.text(args.inputs).write.text(args.out)
