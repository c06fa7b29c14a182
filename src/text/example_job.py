"""An example job: counts how often each word occurs, and writes the counts as CSV."""

import argparse

from pyspark.sql import SparkSession

TEXT = """
Spark splits a data set into partitions, and works on each of them in a task.
The more partitions a data set has, the more tasks can work on it at the same time.
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, help="the folder for the counts")
    args = parser.parse_args()
    spark = SparkSession.builder.appName("words").getOrCreate()
    words = spark.sparkContext.parallelize(TEXT.lower().replace(",", "").replace(".", "").split())
    counts = words.map(lambda word: (word, 1)).reduceByKey(lambda a, b: a + b)
    table = counts.toDF(["word", "count"]).orderBy("count", ascending=False)
    table.show(5)
    table.coalesce(1).write.csv(args.out, header=True)
    spark.stop()


if __name__ == "__main__":
    main()
