# args: ${data.ratings} ${results}
# expect: local-path
import sys
from pyspark import SparkContext

sc = SparkContext()
names = {}
with open("/home/ann/ml-100k/u.item", encoding="ISO-8859-1") as f:  #!
    for line in f:
        number, name = line.split("|")[:2]
        names[int(number)] = name
shared = sc.broadcast(names)
lines = sc.textFile(sys.argv[1])
lines.map(lambda line: shared.value[int(line.split("::")[1])]).saveAsTextFile(sys.argv[2])
