"""Written for Python 2."""

from pyspark import SparkContext

sc = SparkContext.getOrCreate()
count = sc.parallelize(range(1000)).count()
print count
