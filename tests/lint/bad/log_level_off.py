# args: ${data.ratings} ${results}
# expect: hides-logs
import sys
from pyspark.sql import SparkSession

LEVEL = "off"


def main(spark):
    spark.sparkContext.setLogLevel(LEVEL)  #!
    spark.read.text(sys.argv[1]).distinct().write.text(sys.argv[2])


main(SparkSession.builder.getOrCreate())
