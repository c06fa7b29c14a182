//! `job.retry` on real Spark: a step runs out of memory, and ends well with more.

use crate::home::{Home, step};
use std::fs;

/// A text that does not fit into 512 MiB, and fits into 1 GiB.
const LARGE: &str = "\
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
rows = spark.range(1).selectExpr(\"length(repeat(cast(id as string), 450000000)) as n\")
rows.write.csv(sys.argv[1])
";

#[test]
fn a_job_that_runs_out_of_memory_ends_well_with_twice_as_much() {
    let home = Home::new();
    home.write("large.py", LARGE);
    let stack = home.stack(&["large.py"], "  retry: { on: [out_of_memory] }\n");
    let text = fs::read_to_string(&stack).unwrap();
    let small =
        "\"${results}\"], spark: { executor_memory: 512m, conf: { spark.task.maxFailures: 1 } } }";
    home.write("t.yaml", &text.replace("\"${results}\"] }", small));
    let done = home.expect(0, &["apply", "t.yaml", "--local"]);
    done.says("Java heap space")
        .says("retry: attempt 2 of 2, with executor_memory 512m -> 1g");
    let clusters = home.clusters();
    let states: Vec<&str> = clusters.iter().map(step).collect();
    assert_eq!(states, ["FAILED", "COMPLETED"]);
    let status = home.json(&["status", "t", "--local"]);
    let attempt = &status["stacks"][0]["attempts"][1];
    assert_eq!(
        (&attempt["number"], &attempt["state"]),
        (&2.into(), &"completed".into())
    );
    assert!(home.path().join("results/_SUCCESS").exists());
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("already succeeded");
    assert_eq!(home.clusters().len(), 2);
}
