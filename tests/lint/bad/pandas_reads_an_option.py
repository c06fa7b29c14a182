# args: --movies ${data.movies} --ratings=${data.ratings} --out ${results}
# packages: pandas
# expect: opens-remote
import argparse

import pandas as pd
from pyspark.sql import SparkSession


def arguments():
    parser = argparse.ArgumentParser(description="joins")
    parser.add_argument("--movies", required=True)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--out", required=True)
    return parser.parse_args()


args = arguments()
spark = SparkSession.builder.getOrCreate()
movies = spark.createDataFrame(pd.read_csv(args.movies, sep=":"))  #!
ratings = spark.read.csv(args.ratings, sep=":")
ratings.join(movies, "_c0").write.parquet(args.out)
