# args: ${data.ratings} ${results}
import sys
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.appName("x")
    .config("spark.sql.shuffle.partitions", "64")
    .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
    .getOrCreate()
)
spark.conf.set("spark.sql.adaptive.enabled", "true")
spark.sparkContext.setLogLevel("WARN")
spark.read.text(sys.argv[1]).write.text(sys.argv[2])
