# args: ${data.ratings} ${data.movies} ${results}
import logging
import sys
from dataclasses import dataclass
from typing import Optional
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

log = logging.getLogger(__name__)


@dataclass
class Settings:
    ratings: str
    movies: str
    target: str
    limit: Optional[int] = None


class Ranking:
    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark = spark
        self.settings = settings

    def ratings(self) -> DataFrame:
        return self.spark.read.csv(self.settings.ratings, sep=":")

    def run(self) -> None:
        best = self.ratings().groupBy("_c1").agg(F.avg("_c2").alias("mean"))
        if self.settings.limit:
            best = best.limit(self.settings.limit)
        best.write.mode("overwrite").parquet(self.settings.target)
        log.info("written to %s", self.settings.target)


def main(argv):
    settings = Settings(*argv[1:4])
    Ranking(SparkSession.builder.getOrCreate(), settings).run()


if __name__ == "__main__":
    main(sys.argv)
