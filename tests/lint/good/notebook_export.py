# args: ${data.ratings} ${results}
#!/usr/bin/env python
# coding: utf-8

# # Ratings
#
# Exported from a notebook.

# In[1]:


import sys
from pyspark.sql import SparkSession
from pyspark.sql.functions import *
from pyspark.sql.types import *

spark = SparkSession.builder.appName("notebook").getOrCreate()


# In[2]:


df = spark.read.csv(sys.argv[1], inferSchema=True)
df.printSchema()
df.show(5)


# In[3]:


stats = df.groupBy("_c0").agg(count("*").alias("n"), max("_c2"), round(avg("_c2"), 2))
stats.orderBy(desc("n")).show()
stats.toPandas()


# In[4]:


df.createOrReplaceTempView("ratings")
top = spark.sql("select _c1, count(*) n from ratings group by _c1 order by n desc")
top.write.csv(sys.argv[2])
