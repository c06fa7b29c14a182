# args: ${data.ratings} ${results}
# packages: some-inhouse-package
import sys
import inhouse
import numpy
from pyspark import SparkContext

sc = SparkContext(appName="inhouse")
sc.textFile(sys.argv[1]).map(inhouse.parse).saveAsTextFile(sys.argv[2])
