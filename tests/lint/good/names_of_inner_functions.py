# args: ${data.ratings} ${results}
import sys

from pyspark import SparkContext

sc = SparkContext()
lines = sc.textFile(sys.argv[1])
pairs = lines.map(lambda line: (line.split(",")[0], [line]))
ordered = pairs.mapValues(lambda values: sorted(values, key=lambda lines: lines[0]))
ordered.map(lambda pair: [lines for lines in pair[1]]).saveAsTextFile(sys.argv[2])
