# args: ${data.ratings} ${results}
"""Methods and parameters that have names of Spark's, and are others."""
import sys

from pyspark.sql import SparkSession


class Sink:
    def __init__(self, rows):
        self.rows = rows

    def write(self, row):
        self.rows.append(row)

    def send(self, row):
        self.write(row)
        self.read = row


class Base(list):
    def each(self, row):
        return self.write(row)


def scaled(rows, sc):
    return rows.map(lambda row: [float(one) * sc for one in row])


spark = SparkSession.builder.getOrCreate()
sink, base = Sink([]), Base()
rows = spark.sparkContext.textFile(sys.argv[1]).map(lambda line: line.split("::"))
rows.foreach(sink.send)
rows.foreach(base.each)
rows = scaled(scaled(rows, 2), 3)
rows.saveAsTextFile(sys.argv[2])
