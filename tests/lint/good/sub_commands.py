# args: rank ${data.ratings} --out ${results}
import argparse
from pyspark.sql import SparkSession

parser = argparse.ArgumentParser()
commands = parser.add_subparsers(dest="command", required=True)
rank = commands.add_parser("rank")
rank.add_argument("source")
rank.add_argument("--out", required=True)
check = commands.add_parser("check")
check.add_argument("--strict", required=True)
args = parser.parse_args()
spark = SparkSession.builder.getOrCreate()
if args.command == "rank":
    spark.read.text(args.source).write.text(args.out)
