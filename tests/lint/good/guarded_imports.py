# args: ${data.ratings} ${results}
import sys
from typing import TYPE_CHECKING

try:
    import ujson as json
except ImportError:
    import json

try:
    import orjson
except Exception:
    orjson = None

if TYPE_CHECKING:
    import pandas as pd

from pyspark import SparkContext

sc = SparkContext(appName="json")
sc.textFile(sys.argv[1]).map(lambda line: json.dumps(line.split("::"))).saveAsTextFile(sys.argv[2])
