# args: ${data.ratings} ${results}
import sys
from pyspark import SparkContext

try:
    parts = int(sys.argv[3])
except IndexError:
    parts = 8
sc = SparkContext(appName="parts")
sc.textFile(sys.argv[1]).repartition(parts).saveAsTextFile(sys.argv[2])
