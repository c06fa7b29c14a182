//! Jobs that hang on real Spark: they are reported while they run, and end if their stack asks for it.

use crate::home::{Home, state, step};
use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Executors that no worker can hold. What the script sets, no plan can check.
const TOO_LARGE: &str = "
from pyspark import SparkConf, SparkContext
conf = SparkConf().set('spark.executor.memory', '900g')  # clusterup: allow(conf-in-script)
sc = SparkContext(conf=conf)
print(sc.parallelize([1], 1).count())
";

/// Results that do not fit into the driver's heap.
const COLLECTS: &str = "
from pyspark import SparkContext
sc = SparkContext()
parts = sc.parallelize(range(12), 12).map(lambda x: bytes(96 << 20)).collect()
print(len(parts))
";

#[test]
fn a_job_without_executors_ends_where_its_stack_asks_for_that() {
    let home = Home::new();
    home.write("large.py", TOO_LARGE);
    home.stack(&["large.py"], "  stuck: end\n");
    let begun = Instant::now();
    let document = home.json(&["apply", "t.yaml", "--local", "--yes"]);
    assert!(
        begun.elapsed() < Duration::from_secs(150),
        "it waited for a guardrail"
    );
    assert_eq!(document["exit"], 4, "{document:#}");
    let stuck = &document["stuck"][0];
    assert_eq!(stuck["stuck"]["kind"], "no-executors", "{document:#}");
    assert_eq!(stuck["ends"], true);
    assert_eq!(document["diagnosis"]["rule"], "no-executors");
    let clusters = home.clusters();
    assert_eq!(clusters.len(), 1, "no other cluster is created");
    assert_eq!(state(&clusters[0]), "TERMINATED");
    assert_eq!(step(&clusters[0]), "INTERRUPTED");
    assert_eq!(clusters[0]["end"]["reason"], "stuck");
    home.expect(0, &["status", "t", "--local"])
        .says("step large is stuck: no executor was granted");
    home.until_quiet(3);
}

#[test]
fn a_driver_without_memory_is_reported_while_its_job_goes_on() {
    let home = Home::new();
    home.write("large.py", COLLECTS);
    home.write(
        "t.yaml",
        "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 1 x m5.xlarge }\n\
         job:\n  steps:\n    - name: large\n      script: large.py\n      \
         spark: { driver_memory: 512m, conf: { spark.driver.maxResultSize: 0 } }\n",
    );
    let messages = home.path().join("messages");
    let mut command = home.command(&["apply", "t.yaml", "--local", "--yes"]);
    command
        .stdout(Stdio::null())
        .stderr(File::create(&messages).unwrap());
    let mut apply = crate::running::Running::start(&mut command);
    let cluster = home.until("a report", 110, |cluster| {
        cluster["steps"][0]["stuck"][0].is_object()
    });
    assert_eq!(step(&cluster), "RUNNING", "{cluster:#}");
    let stuck = &cluster["steps"][0]["stuck"][0];
    assert_eq!(stuck["kind"], "driver-thread-died", "{cluster:#}");
    home.expect(0, &["status", "t", "--local"])
        .says("step large is stuck: the driver ran out of memory");
    // `apply` looks once a second.
    let is_said = || {
        std::fs::read_to_string(&messages)
            .unwrap()
            .contains("is stuck")
    };
    let begun = Instant::now();
    while !is_said() {
        assert!(begun.elapsed() < Duration::from_secs(30), "apply is silent");
        std::thread::sleep(Duration::from_millis(100));
    }
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    apply.wait().unwrap();
    let said = std::fs::read_to_string(&messages).unwrap();
    assert_eq!(said.matches("is stuck").count(), 1, "{said}");
    assert!(
        said.contains("job.steps.large.spark.driver_memory: 512m -> 1g"),
        "{said}"
    );
    home.until_quiet(3);
}
