# args: ${data.ratings} ${results}
import sys

from pyspark import SparkContext

sc = SparkContext()


def lines(path):
    return sc.textFile(path)


def fields(line):
    return line.split("::")


def parts(paths):
    return [lines(path) for path in paths]


rows = sc.union(parts([sys.argv[1]])).map(lambda line: tuple(fields(line)))
rows.map(fields if len(sys.argv) > 9 else str).saveAsTextFile(sys.argv[2])
