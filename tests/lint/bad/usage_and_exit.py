# args: ${data.ratings}
# results: no
# expect: too-few-args
import sys
from pyspark.sql import SparkSession

if __name__ == "__main__":
    if len(sys.argv) != 3:  #!
        print("Usage: copy <from> <to>", file=sys.stderr)
        sys.exit(-1)
    spark = SparkSession.builder.getOrCreate()
    spark.read.text(sys.argv[1]).write.text(sys.argv[2])
