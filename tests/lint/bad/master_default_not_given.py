# args: ${data.ratings} ${results}
# expect: hard-coded-master
import argparse
from pyspark.sql import SparkSession

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("--master", default="local[2]")
args = parser.parse_args()

spark = SparkSession.builder.config("spark.master", args.master).getOrCreate()  #!
spark.read.text(args.source).distinct().write.text(args.target)
