# args: ${data.ratings} ${results}
# expect: script-syntax
import sys
from pyspark import SparkContext

sc = SparkContext(appName="copy")
try:
    sc.textFile(sys.argv[1]).saveAsTextFile(sys.argv[2])
except Exception, problem:  #!
    raise
