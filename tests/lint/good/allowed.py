# args: ${data.ratings} ${results}
import sys
from pyspark import SparkConf, SparkContext

conf = SparkConf().setAppName("x").setMaster("local[*]")  # clusterup: allow(hard-coded-master)
conf.set("spark.executor.memory", "1g")  # why # clusterup: allow(conf-in-script, hides-logs)
sc = SparkContext(conf=conf)
sc.setLogLevel("ERROR")  # clusterup: allow(hides-logs)
sc.textFile(sys.argv[1]).saveAsTextFile(sys.argv[2])
