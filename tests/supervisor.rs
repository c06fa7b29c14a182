//! The supervisor with a real Spark below it.

mod support;

use clusterup::cloud::local::cluster::Request;
use clusterup::model::observed::{ClusterState, EndReason, StepState};
use clusterup::model::stack::WhenDone;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use support::{Place, job, until};

const SUM: &str = "
from pyspark.sql import SparkSession
import tempfile
spark = SparkSession.builder.getOrCreate()
rdd = spark.sparkContext.parallelize(range(100), 4).map(lambda x: (x % 3, x)).reduceByKey(lambda a, b: a + b)
print('sum', sum(v for _, v in rdd.collect()))
spark.stop()
";

/// Tasks that compute for ever, deaf to everything, with a mark in the place once they do.
const DEAF: &str = "
from pyspark.sql import SparkSession
import os, sys
mark = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mark')
def deaf(x):
    open(mark, 'w').close()
    n = 0
    while True:
        n += 1
spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(2), 2).map(deaf).collect()
";

fn marked(place: &Place) {
    let begun = Instant::now();
    while !place.root.path().join("mark").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no task ran");
        thread::sleep(Duration::from_millis(20));
    }
}

/// All processes gone, within the time.
fn gone(place: &Place, within: Duration) {
    let begun = Instant::now();
    while !place.processes().is_empty() {
        assert!(begun.elapsed() < within, "{:#?}", place.processes());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn runs_its_steps_and_ends() {
    let Some(place) = Place::new() else { return };
    let steps = vec![place.step("first", SUM), place.step("the second", SUM)];
    let folder = place.order(2, 60, WhenDone::Terminate, steps);
    assert!(!folder.read().unwrap().attended);
    let starts = [folder.clone(), folder.clone()].map(|f| thread::spawn(move || f.start()));
    for start in starts {
        start.join().unwrap().unwrap();
    }
    let running = until(&folder, |c| c.steps.iter().any(|step| step.ui.is_some()));
    assert_eq!(running.state, ClusterState::Running);
    assert!(folder.wait_over(Duration::from_secs(90)).unwrap());
    let cluster = folder.read().unwrap();
    println!("{cluster:#?}");
    assert_eq!(cluster.state, ClusterState::Terminated);
    assert_eq!(cluster.end.unwrap().reason, EndReason::StepsCompleted);
    assert!(
        cluster
            .steps
            .iter()
            .all(|s| s.state == StepState::Completed)
    );
    gone(&place, Duration::from_secs(1));
    let logs = folder.path().join("logs");
    let printed = fs::read_to_string(logs.join("steps/02-the-second/stdout")).unwrap();
    assert_eq!(printed, "sum 4950\n");
    assert!(logs.join("daemons/worker-2.log").exists());
    assert!(folder.executor_logs(1).exists());
    assert!(!folder.tmp().exists());
    folder.remove().unwrap();
    assert!(!folder.path().exists());
}

#[test]
fn nothing_survives_a_killed_supervisor() {
    let Some(place) = Place::new() else { return };
    let steps = vec![place.step("deaf", DEAF), place.step("later", SUM)];
    let folder = place.order(1, 60, WhenDone::Terminate, steps);
    folder.start().unwrap();
    marked(&place);
    assert!(place.processes().len() >= 6, "{:#?}", place.processes());
    println!("{:#?}", place.processes());
    folder.kill_hard().unwrap();
    gone(&place, Duration::from_secs(3));
    let cluster = folder.read().unwrap();
    assert_eq!(cluster.state, ClusterState::TerminatedWithErrors);
    assert_eq!(cluster.end.as_ref().unwrap().reason, EndReason::Lost);
    assert_eq!(cluster.steps[0].state, StepState::Interrupted);
    assert_eq!(cluster.steps[1].state, StepState::Cancelled);
    // Nobody can make it begin again.
    folder.start().unwrap();
    assert!(folder.wait_over(Duration::from_secs(5)).unwrap());
    assert_eq!(folder.read().unwrap(), cluster);
}
