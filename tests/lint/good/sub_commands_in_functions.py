# args: --env test rank ${data.ratings} ${results}
import argparse

from pyspark.sql import SparkSession


def rank(args):
    spark = SparkSession.builder.getOrCreate()
    spark.read.csv(args.source).write.csv(args.out)


def check(args):
    print(args.strict)


def parser():
    top = argparse.ArgumentParser()
    top.add_argument("--env", required=True)
    commands = top.add_subparsers(required=True)
    one = commands.add_parser("rank")
    one.add_argument("source")
    one.add_argument("out")
    one.set_defaults(run=rank)
    other = commands.add_parser("check")
    other.add_argument("strict")
    other.set_defaults(run=check)
    return top


args = parser().parse_args()
args.run(args)
