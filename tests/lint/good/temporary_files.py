# args: ${data.ratings} ${results}
import json
import os
import sys
import tempfile
from pathlib import Path
from pyspark import SparkContext

sc = SparkContext(appName="temporary")
with tempfile.TemporaryDirectory() as folder:
    place = Path(folder) / "stats.json"
    place.write_text(json.dumps({"source": sys.argv[1]}))
with open("/tmp/stats.json", "w") as f:
    f.write(str(os.getpid()))
with open("/proc/meminfo") as f:
    print(f.readline())
sc.setCheckpointDir("/tmp/checkpoints")
sc.textFile(sys.argv[1]).saveAsTextFile(sys.argv[2])
