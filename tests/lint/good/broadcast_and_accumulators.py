# args: ${data.ratings} ${data.movies} ${results}
import sys
from pyspark import SparkContext

sc = SparkContext(appName="names")
names = sc.textFile(sys.argv[2]).map(lambda line: tuple(line.split("::")[:2])).collectAsMap()  # clusterup: allow(collects)
shared = sc.broadcast(names)
bad = sc.accumulator(0)


def title(line):
    try:
        return shared.value[line.split("::")[1]]
    except KeyError:
        bad.add(1)
        return "?"


sc.textFile(sys.argv[1]).map(title).saveAsTextFile(sys.argv[3])
print("without a name:", bad.value)
