//! Spark, Java and Python packages, installed once into the user's cache.
