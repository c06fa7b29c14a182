# args: --env test rank ${data.ratings} ${results}
# packages: click
import click
from pyspark.sql import SparkSession


@click.group()
@click.option("--env", required=True)
def cli(env):
    pass


@cli.command()
@click.argument("source")
@click.argument("out")
def rank(source, out):
    SparkSession.builder.getOrCreate().read.csv(source).write.csv(out)


@cli.command()
@click.option("--all", required=True)
def check(all):
    print(all)


cli()
