# args: ${data.ratings}
# results: no
# expect: too-few-args
import sys
from pyspark import SparkContext

sc = SparkContext(appName="copy")
lines = sc.textFile(sys.argv[1])
lines.distinct().saveAsTextFile(sys.argv[2])  #!
