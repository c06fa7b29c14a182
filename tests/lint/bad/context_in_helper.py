# args: ${data.ratings} ${results}
# expect: driver-only
import sys

from pyspark import SparkConf, SparkContext


def clean(line):
    return sc.parallelize(line.split("::")).collect()  #!


conf = SparkConf().setAppName("clean")
sc = SparkContext(conf=conf)
sc.textFile(sys.argv[1]).map(clean).saveAsTextFile(sys.argv[2])
