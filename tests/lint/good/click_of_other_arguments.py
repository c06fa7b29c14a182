# args: ${data.ratings} ${results}
# packages: click
import sys

import click
from pyspark.sql import SparkSession


def shared(function):
    return click.option("--shared", default=1)(function)


@click.command(context_settings={"auto_envvar_prefix": "JOB"})
@click.option("--source", required=True)
@click.option("--out", required=True)
def by_environment(source, out):
    SparkSession.builder.getOrCreate().read.csv(source).write.csv(out)


@click.command()
@shared
@click.option("--source", required=True)
@click.option("--out", required=True)
def by_call(source, out, shared):
    SparkSession.builder.getOrCreate().read.csv(source).write.csv(out)


if len(sys.argv) > 3:
    by_environment()
by_call(["--source", sys.argv[1], "--out", sys.argv[2]])
