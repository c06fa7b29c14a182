# args: ${data.ratings} ${data.movies} ${results}
# expect: driver-only
import sys
from pyspark import SparkContext

sc = SparkContext(appName="lookup")
lines = sc.textFile(sys.argv[1])
names = sc.textFile(sys.argv[2]).map(lambda line: tuple(line.split("::")[:2]))
found = lines.map(lambda line: (line, sc.textFile(sys.argv[2]).first()))  #!
found.saveAsTextFile(sys.argv[3])
