# args: ${data.ratings} ${results}
import sys

import pyspark.pandas as ps

ratings = ps.read_csv(sys.argv[1])
ratings.groupby("user").mean().to_parquet(sys.argv[2])
