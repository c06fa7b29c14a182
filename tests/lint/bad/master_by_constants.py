# args: ${data.ratings} ${results}
# expect: hard-coded-master
import sys
from pyspark.sql import SparkSession

CORES = 4
MASTER = f"local[{CORES}]"


class Job:
    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.spark = (
            SparkSession.builder.appName("popular")
            .master(MASTER)  #!
            .getOrCreate()
        )

    def run(self):
        ratings = self.spark.read.csv(self.source, sep=":")
        ratings.groupBy("_c2").count().write.csv(self.target)


if __name__ == "__main__":
    Job(sys.argv[1], sys.argv[2]).run()
