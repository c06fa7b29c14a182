# args: ${data.ratings} ${results}
# beside: helpers, lib
import sys
from pyspark import SparkContext
import helpers
from lib.parsing import parse

sc = SparkContext(appName="neighbours")
helpers.save(sc.textFile(sys.argv[1]).map(parse), sys.argv[2])
