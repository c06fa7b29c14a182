# args: ${data.ratings} --top 10
# results: no
# expect: too-few-args
# packages: click
import click
from pyspark.sql import SparkSession


@click.command()
@click.argument("source")
@click.option("--top", default=5, help="how many")
@click.option("-o", "--out", required=True)  #!
@click.option("--verbose", is_flag=True)
def main(source, top, out, verbose):
    spark = SparkSession.builder.getOrCreate()
    spark.read.csv(source).limit(top).write.csv(out)


if __name__ == "__main__":
    main()
