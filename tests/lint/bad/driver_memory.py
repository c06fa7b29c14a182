# args: ${data.ratings} ${results}
# expect: conf-in-script
import sys
from pyspark import SparkConf
from pyspark.sql import SparkSession

SETTINGS = [
    ("spark.sql.shuffle.partitions", "8"),
    ("spark.driver.memory", "8g"),
]
conf = SparkConf().setAll(SETTINGS)  #!
spark = SparkSession.builder.config(conf=conf).getOrCreate()
spark.read.text(sys.argv[1]).distinct().write.text(sys.argv[2])
