# args: ${data.ratings} ${results}
# expect: hard-coded-master
import sys
from pyspark import SparkConf, SparkContext


def parse(line):
    fields = line.split("\t")
    return int(fields[1]), float(fields[2])


conf = (
    SparkConf()
    .setAppName("averages")
    .setMaster("local[*]")  #!
)
sc = SparkContext(conf=conf)
pairs = sc.textFile(sys.argv[1]).map(parse)
sums = pairs.mapValues(lambda rating: (rating, 1)).reduceByKey(
    lambda a, b: (a[0] + b[0], a[1] + b[1])
)
sums.mapValues(lambda it: it[0] / it[1]).saveAsTextFile(sys.argv[2])
