# args: ${data.ratings} ${results}
# packages: numpy
import sys
from pyspark.ml.evaluation import RegressionEvaluator
from pyspark.ml.recommendation import ALS
from pyspark.sql import Row, SparkSession

spark = SparkSession.builder.appName("als").getOrCreate()
lines = spark.read.text(sys.argv[1]).rdd
parts = lines.map(lambda row: row.value.split("::"))
ratings = spark.createDataFrame(
    parts.map(lambda p: Row(userId=int(p[0]), movieId=int(p[1]), rating=float(p[2])))
)
training, test = ratings.randomSplit([0.8, 0.2])
als = ALS(maxIter=5, regParam=0.01, userCol="userId", itemCol="movieId", ratingCol="rating")
model = als.fit(training)
predictions = model.transform(test)
rmse = RegressionEvaluator(metricName="rmse", labelCol="rating").evaluate(predictions)
print("rmse", rmse)
model.recommendForAllUsers(10).write.json(sys.argv[2])
