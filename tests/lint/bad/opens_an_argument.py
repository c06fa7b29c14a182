# args: ${data.movies} ${data.ratings} ${results}
# expect: opens-remote
import sys
from pyspark import SparkContext


def movie_names(path):
    names = {}
    with open(path, encoding="ISO-8859-1") as f:  #!
        for line in f:
            fields = line.split("::")
            names[int(fields[0])] = fields[1]
    return names


if __name__ == "__main__":
    sc = SparkContext(appName="names")
    names = sc.broadcast(movie_names(sys.argv[1]))
    lines = sc.textFile(sys.argv[2])
    lines.map(lambda line: names.value[int(line.split("::")[1])]).saveAsTextFile(sys.argv[3])
