# args: ${data.ratings} ${results}
import sys

from pyspark.sql import SparkSession


def clean(row):
    spark = row["_c0"].split("::")
    return spark


def local(row):
    def sc(value):
        return value.strip()

    return [sc(value) for value in row]


def loaded(row):
    import json as df

    return df.dumps(list(row))


spark = SparkSession.builder.getOrCreate()
sc = spark.sparkContext
df = spark.read.csv(sys.argv[1])
rows = df.rdd.map(clean).map(lambda row: local(row)).map(loaded)
rows.saveAsTextFile(sys.argv[2])
