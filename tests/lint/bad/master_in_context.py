# args: ${data.ratings} ${results}
# expect: hard-coded-master
import sys

from pyspark import SparkContext

sc = SparkContext("local", "ratings by user")  #!
lines = sc.textFile(sys.argv[1])
counts = lines.map(lambda line: (line.split("::")[0], 1)).reduceByKey(lambda a, b: a + b)
counts.saveAsTextFile(sys.argv[2])
