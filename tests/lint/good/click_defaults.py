# args: ${data.ratings} --out ${results} -v
# packages: click
import click
from pyspark.sql import SparkSession


@click.command(help="ranks")
@click.argument("source")
@click.argument("more", nargs=-1)
@click.option("--out", "-o", "target", required=True)
@click.option("--top", required=True, default=10)
@click.option("--team", required=True, envvar="TEAM")
@click.option("-v", "--verbose", is_flag=True)
@click.version_option("1.0")
@click.pass_context
def main(context, source, more, target, top, team, verbose):
    spark = SparkSession.builder.getOrCreate()
    spark.read.csv(source).limit(top).write.csv(target)


if __name__ == "__main__":
    main(obj={})
