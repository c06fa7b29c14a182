# args: ${data.ratings} ${results}
# expect: script-syntax
import sys
from pyspark import SparkContext

sc = SparkContext(appName="count")
lines = sc.textFile(sys.argv[1])
lines.saveAsTextFile(sys.argv[2])
total = lines.count()
print "read", total  #!
print total
