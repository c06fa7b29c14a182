# args: ${data.ratings} ${results}
# expect: hides-logs
import sys
from pyspark import SparkContext

sc = SparkContext(appName="quiet")
sc.setLogLevel("ERROR")  #!
sc.textFile(sys.argv[1]).distinct().saveAsTextFile(sys.argv[2])
