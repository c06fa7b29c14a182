# args: ${data.ratings} ${results}
# expect: conf-in-script
import sys
from pyspark import SparkConf, SparkContext

conf = SparkConf()
conf.set("spark.executor.memory", "20g")  #!
sc = SparkContext(conf=conf)
sc.textFile(sys.argv[1]).distinct().saveAsTextFile(sys.argv[2])
