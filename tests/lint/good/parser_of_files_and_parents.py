# args: @${scratch}/args ${data.ratings}
# results: no
import argparse
import sys

from pyspark.sql import SparkSession

common = argparse.ArgumentParser(add_help=False)
common.add_argument("--out", required=True)
files = argparse.ArgumentParser(fromfile_prefix_chars="@", parents=[common])
files.add_argument("--limit", required=True)
files.add_argument("source")
try:
    args = files.parse_args()
except SystemExit:
    args = None
own = argparse.ArgumentParser()
own.add_argument("--mode", required=True)
try:
    own.parse_args()
except SystemExit:
    print("no mode")
sys.argv = ["job", "--mode", "fast"]
again = argparse.ArgumentParser()
again.add_argument("--mode", required=True)
print(again.parse_args().mode)
SparkSession.builder.getOrCreate().read.csv(args.source).limit(args.limit).show()
