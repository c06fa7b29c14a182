# args: ${results}
# expect: local-path
import sys
from pyspark import SparkConf, SparkContext

conf = SparkConf().setAppName("histogram")
sc = SparkContext(conf=conf)
lines = sc.textFile("file:///SparkCourse/ml-1m/ratings.dat")  #!
lines.map(lambda line: line.split("::")[2]).saveAsTextFile(sys.argv[1])
