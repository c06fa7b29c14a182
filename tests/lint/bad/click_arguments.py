# args: ${data.ratings}
# results: no
# expect: too-few-args
# packages: click
from click import argument, command, option
from pyspark.sql import SparkSession


@command
@argument("source", type=str)
@argument("out")  #!
@option("--limit", type=int)
def main(source, out, limit):
    rows = SparkSession.builder.getOrCreate().read.csv(source)
    rows.limit(limit or 10).write.csv(out)


main()
