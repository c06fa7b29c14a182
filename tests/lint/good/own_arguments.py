# args: ${results}
import sys

from pyspark import SparkContext

sys.argv = ["job", "in", sys.argv[1]]
sc = SparkContext()


def plot(rows):
    import matplotlib_of_mine

    matplotlib_of_mine.show(rows)


while len(sys.argv) > 9:
    print(sys.argv[9])
if len(sys.argv) == 9:
    print("nothing to do")
    sys.exit(0)
sc.parallelize([1, 2]).saveAsTextFile(sys.argv[2])
