# args: ${data.ratings}
# results: no
"""Functions whose calls are guarded: what fails in them is handled."""
import os
import sys
from contextlib import suppress

from pyspark.sql import SparkSession


def argument(n):
    return sys.argv[n]


def defaults(path):
    with open(path) as file:
        return file.read()


try:
    out = argument(2)
except IndexError:
    out = None

try:
    settings = defaults("/Users/ada/settings.json")
except OSError:
    settings = ""

with suppress(FileNotFoundError):
    os.remove("/Users/ada/old.json")

spark = SparkSession.builder.getOrCreate()
spark.read.text(argument(1)).limit(5).show()
