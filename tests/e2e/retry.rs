//! `job.retry` on real Spark: a step runs out of memory, and ends well with more.

use crate::home::{Home, PLAIN};
use std::fs;

/// Needs what the step before it has written, and a text that does not fit into 512 MiB and fits
/// into 1 GiB.
const LARGE: &str = "\
import os, sys
from pyspark.sql import SparkSession
assert os.path.exists(os.path.join(sys.argv[2], 'answer.txt'))  # clusterup: allow(opens-remote)
spark = SparkSession.builder.getOrCreate()
rows = spark.range(1).selectExpr(\"length(repeat(cast(id as string), 450000000)) as n\")
rows.write.csv(sys.argv[1])
";

const STACK: &str = r#"stack: t
region: us-east-1
cluster: { release: emr-7.x, size: 1 x m5.xlarge }
job:
  retry: { on: [out_of_memory] }
  results: results
  steps:
    - { name: plain, script: plain.py, args: ["${scratch}/plain"] }
    - name: large
      script: large.py
      args: ["${results}/large", "${scratch}/plain"]
      spark: { executor_memory: 512m, conf: { spark.task.maxFailures: 1 } }
"#;

#[test]
fn a_job_that_runs_out_of_memory_ends_well_with_twice_as_much() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.write("large.py", LARGE);
    home.write("t.yaml", STACK);
    let done = home.expect(0, &["apply", "t.yaml", "--local"]);
    done.says("Java heap space")
        .says("retry: attempt 2 of 2, with executor_memory 512m -> 1g")
        .says("without what has ended well: plain");
    let clusters = home.clusters();
    let states: Vec<Vec<&str>> = clusters
        .iter()
        .map(|cluster| {
            let steps = cluster["steps"].as_array().unwrap().iter();
            steps.map(|step| step["state"].as_str().unwrap()).collect()
        })
        .collect();
    assert_eq!(states, [vec!["COMPLETED", "FAILED"], vec!["COMPLETED"]]);
    let status = home.json(&["status", "t", "--local"]);
    let attempt = &status["stacks"][0]["attempts"][1];
    assert_eq!(
        (&attempt["number"], &attempt["state"]),
        (&2.into(), &"completed".into())
    );
    assert!(home.path().join("results/large/_SUCCESS").exists());
    assert!(
        fs::read_to_string(home.path().join("t.yaml"))
            .unwrap()
            .contains("512m")
    );
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("already succeeded");
    assert_eq!(home.clusters().len(), 2);
}
