# args: ${data.ratings} ${results}
# packages: scikit-learn==1.3.2, PyYAML, Pillow, beautifulsoup4, python-dateutil, opencv-python
import sys

import bs4
import cv2
import dateutil.parser
import joblib
import numpy as np
import yaml
from PIL import Image
from pyspark.sql import SparkSession
from sklearn.cluster import KMeans

spark = SparkSession.builder.getOrCreate()
spark.read.text(sys.argv[1]).write.text(sys.argv[2])
