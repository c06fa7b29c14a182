//! The addresses that a script surely reads: an input that is reported as missing is one without which
//! the script fails.

use super::corpus::Case;

const HEAD: &str = "# args: s3://lake/in s3://lake/out\nimport sys\n\
                    from contextlib import suppress\nfrom pyspark.sql import SparkSession\n\
                    spark = SparkSession.builder.getOrCreate()\n\
                    a, b = sys.argv[1], sys.argv[2]\n";

fn reads(script: &str) -> Vec<String> {
    Case::of("reads".to_owned(), format!("{HEAD}{script}")).reads()
}

fn has(script: &str) -> bool {
    reads(script).contains(&"s3://lake/in".to_owned())
}

#[test]
fn what_fails_without_its_input_is_known() {
    for script in [
        "spark.read.csv(a)",
        "spark.read.option('path', a).load()",
        "spark.sparkContext.textFile(a)",
        "spark.read.csv([a, b])",
        "spark.read.csv(a).write.csv(b)",
        "spark.read.csv(a).write.csv(a + '-clean')",
        "if len(sys.argv) > 2:\n  spark.read.csv(a)",
        "for one in [a, b]:\n  pass\nspark.read.csv(a)",
        "def main(path):\n  spark.read.csv(path)\nmain(a)",
        "def main(path):\n  if not path:\n    return\n  spark.read.csv(path)\nmain(a)",
        "if spark.version < '3':\n  sys.exit(1)\nspark.read.csv(a)",
        "if spark.version < '3':\n  raise ValueError(a)\nspark.read.csv(a)",
        "for n in range(3):\n  if n > 1:\n    continue\nspark.read.csv(a)",
        "try:\n  spark.read.csv(a)\nexcept Exception as e:\n  print(e)\n  sys.exit(1)",
        "try:\n  spark.read.csv(a)\nexcept Exception:\n  raise",
        "try:\n  x = int(b)\nexcept ValueError:\n  x = 1\nspark.read.csv(a)",
    ] {
        assert!(has(script), "{script}");
    }
}

#[test]
fn what_may_go_on_without_its_input_is_not() {
    for script in [
        "spark.read.csv(a).write.csv(a)",
        "spark.range(1).write.csv(a + '/x')\nspark.read.csv(a)",
        "spark.range(1).write.csv('s3://lake')\nspark.read.csv(a)",
        "spark.range(1).write.csv(spark.version)\nspark.read.csv(a)",
        "def out():\n  spark.range(1).rdd.saveAsTextFile(a)\nout()\nspark.read.csv(a)",
        "try:\n  spark.read.csv(a)\nexcept AnalysisException:\n  pass",
        "try:\n  spark.read.csv(a)\nexcept (OSError, Py4JJavaError) as e:\n  print(e)",
        "try:\n  spark.read.csv(a)\nexcept Py4JJavaError:\n  sys.exit(0)",
        "with suppress(AnalysisException):\n  spark.read.csv(a)",
        "def load(path):\n  return spark.read.csv(path)\n\
         try:\n  load(a)\nexcept AnalysisException:\n  pass",
        "def main(path):\n  if not there(path):\n    return\n  spark.read.csv(path)\nmain(a)",
        "if not there(a):\n  sys.exit()\nspark.read.csv(a)",
        "def load(path):\n  return spark.read.csv(path)\n\
         def main():\n  if not there(a):\n    return\n  load(a)\nmain()",
        "for day in there(b):\n  spark.read.csv(a)",
        "while there(a):\n  spark.read.csv(a)",
        "load = lambda: spark.read.csv(a)",
        "@retry\ndef load():\n  spark.read.csv(a)\nload()",
        "if there(a):\n  spark.read.csv(a)",
        "spark.readStream.text(a)",
        "spark.readStream.format('text').load(a)",
    ] {
        assert!(!has(script), "{script}");
    }
    assert!(reads("spark.sparkContext.textFile(a + ',' + b)").is_empty());
    assert!(reads("spark.read.csv('s3://lake/{x,y}')").is_empty());
}
