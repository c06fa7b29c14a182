# args: ${data.ratings} ${results}
# expect: collects
import sys
from pyspark import SparkContext

sc = SparkContext(appName="all")
lines = sc.textFile(sys.argv[1])
pairs = lines.map(lambda line: line.split("::")).filter(lambda it: len(it) == 4)
best = sorted(
    pairs.collect(),  #!
    key=lambda it: it[2],
)
sc.parallelize(best[:10]).saveAsTextFile(sys.argv[2])
