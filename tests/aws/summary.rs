//! What a job did, from the event log that its driver wrote into the bucket: Spark really runs.

use crate::real::{installed, on_spark};
use serde_json::json;

const STACK: &str = "stack: t\nregion: us-east-1\n\
    cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n\
    job:\n  results: results\n  steps:\n    \
    - { name: count, script: count.py, args: [\"${results}/out\"] }\n    \
    - { name: list, command: [hdfs, dfs, -ls, /] }\n\
    guardrails: { when_done: DONE }\n";

/// Writes a few records; fails if it gets a second argument.
const COUNT: &str = "import sys\nfrom pyspark import SparkContext\n\
    sc = SparkContext()\n\
    sc.parallelize(range(1000), 4).map(str).saveAsTextFile(sys.argv[1])\n\
    assert len(sys.argv) == 2\n";

#[test]
fn a_run_is_summed_up_from_the_log_in_the_bucket_whether_it_ended_well_or_not() {
    let (runtime, packages) = installed();
    let world = on_spark(&runtime, &packages);
    world
        .double
        .post("/_double/steps", json!({ "mode": "spark" }));
    world.write("count.py", COUNT);
    let stack = STACK.replace("DONE", "keep");
    world.stack(&stack);
    let done = world.expect(0, &["apply", "t.yaml", "--yes"]);
    done.says("count ended well in")
        .says("; the cluster cost $0.")
        .says("read, wrote 0 B, ");
    let events =
        |key: &String| key.contains("/work/t/events/") || key.starts_with("work/t/events/");
    let packed = world.objects().into_iter().filter(events);
    assert!(
        packed.into_iter().any(|key| key.ends_with(".zstd")),
        "{:#?}",
        world.objects()
    );

    let shown = world.json(&["summary", "t"]);
    let runs = shown["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "the other step has no event log: {shown:#}");
    let app = &runs[0]["application"];
    assert_eq!(runs[0]["step"], "count");
    assert_eq!(app["settings"]["step"], "count");
    assert_eq!(
        (&app["complete"], &app["broken_lines"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(app["totals"]["tasks"], 4);
    world
        .expect(0, &["summary", "t", "--step", "list"])
        .says("it has no event log");
    world
        .expect(2, &["summary", "t", "--step", "none"])
        .says("did not start a step none");

    // The settings are no part of the job: what ran before them does not run again.
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    world.stack(&stack.replace("out\"", "out\", fail"));
    let failed = world.expect(4, &["apply", "t.yaml", "--yes"]);
    failed.says("count failed after").says(" at work, ");
    let own = "count.py, spark: { conf: { spark.eventLog.enabled: \"false\" } }";
    world.stack(&stack.replace("count.py", own));
    let silent = world.expect(0, &["apply", "t.yaml", "--yes"]);
    assert!(
        !silent.all().contains("count ended well"),
        "{}",
        silent.all()
    );
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}
