# args: ${results}
"""An option of a class of its own, which is required only without another."""
import click
from pyspark.sql import SparkSession


class RequiredUnless(click.Option):
    def handle_parse_result(self, ctx, opts, args):
        self.required = "other" not in opts and len(args) > 1
        return super().handle_parse_result(ctx, opts, args)


@click.command()
@click.argument("out")
@click.option("--day", required=True, cls=RequiredUnless)
def main(out, day):
    spark = SparkSession.builder.getOrCreate()
    spark.range(9).write.csv(out)


if __name__ == "__main__":
    main()
