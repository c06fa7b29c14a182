"""Reads whole files that are in ISO-8859-1, as those of MovieLens are, as if they were in UTF-8."""

import sys

from pyspark import SparkContext


def titles(file):
    _, content = file
    return [line.split("|")[1] for line in content.decode().splitlines()]


sc = SparkContext.getOrCreate()
print(sc.binaryFiles(sys.argv[1]).flatMap(titles).collect())
