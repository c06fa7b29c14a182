# args: ${data.ratings} ${results} yarn
import sys
from pyspark import SparkConf, SparkContext

master = sys.argv[3] if len(sys.argv) > 3 else "local[*]"
conf = SparkConf().setAppName("x").setMaster(master)
sc = SparkContext(conf=conf)
sc.textFile(sys.argv[1]).distinct().saveAsTextFile(sys.argv[2])
