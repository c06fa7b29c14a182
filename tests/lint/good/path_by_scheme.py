# args: ${data.ratings} ${results}
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
path = sys.argv[1]
if path.startswith("s3://"):
    lines = [row.value for row in spark.read.text(path).limit(10).collect()]
else:
    with open(path) as f:
        lines = f.readlines()
spark.createDataFrame([(line,) for line in lines], ["line"]).write.text(sys.argv[2])
