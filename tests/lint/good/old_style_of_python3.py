# release: emr-5.36.1
# args: ${data.ratings} ${results}
from __future__ import print_function

import sys
from pyspark import SparkConf, SparkContext
from pyspark.sql import SQLContext

print("starting", file=sys.stderr)
conf = SparkConf().setAppName("old")
sc = SparkContext(conf=conf)
sqlContext = SQLContext(sc)
print("read %s" % sys.argv[1])
frame = sqlContext.read.format("csv").load(sys.argv[1])
frame.registerTempTable("t")
sqlContext.sql("SELECT _c0, COUNT(*) FROM t GROUP BY _c0").write.save(sys.argv[2])
