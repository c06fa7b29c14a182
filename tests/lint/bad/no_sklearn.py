# args: ${data.ratings} ${results}
# packages: numpy==1.26.4
# expect: no-module
import sys
from pyspark.sql import SparkSession


def cluster(rows):
    from sklearn.cluster import KMeans  #!

    model = KMeans(n_clusters=2).fit([[float(row[0])] for row in rows])
    return model.labels_.tolist()


spark = SparkSession.builder.getOrCreate()
rows = spark.read.csv(sys.argv[1]).rdd
rows.mapPartitions(cluster).saveAsTextFile(sys.argv[2])
