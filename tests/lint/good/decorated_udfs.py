# args: ${data.ratings} ${results}
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf, udf

spark = SparkSession.builder.getOrCreate()


@udf
def plain(value):
    spark = value or ""
    return spark.strip()


@udf("long")
def never_used(value):
    return spark.range(int(value)).count()


@pandas_udf("double")
def mean(values):
    return values.mean()


ratings = spark.read.csv(sys.argv[1])
ratings.select(plain("_c0"), mean("_c1")).write.csv(sys.argv[2])
