# args: ${data.ratings} ${results} 5
import sys
from pyspark import SparkContext


def usage():
    print("usage: job IN OUT [N]")
    sys.exit(2)


if len(sys.argv) < 3:
    usage()
n = int(sys.argv[3]) if len(sys.argv) > 3 else 10
extra = sys.argv[4] if len(sys.argv) >= 5 else None
sc = SparkContext(appName="n")
rdd = sc.textFile(sys.argv[1])
sc.parallelize(rdd.take(n)).saveAsTextFile(sys.argv[2])
