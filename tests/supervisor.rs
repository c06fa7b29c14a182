//! Tests of the supervisor with a real Spark.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

#[path = "supervisor/others.rs"]
mod others;
#[path = "supervisor/python.rs"]
mod python;
mod support;

use clusterup::cloud::local::cluster::Request;
use clusterup::model::observed::{ClusterState, End, EndReason, StepState};
use clusterup::model::stack::WhenDone;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use support::{Place, job, until};

const SUM: &str = "
from pyspark.sql import SparkSession
import tempfile
spark = SparkSession.builder.getOrCreate()
pairs = spark.sparkContext.parallelize(range(100), 4).map(lambda x: (x % 3, x))
rdd = pairs.reduceByKey(lambda a, b: a + b)
print('sum', sum(v for _, v in rdd.collect()))
spark.stop()
";

/// Tasks that compute for ever and ignore all signals, with a mark in the folder once they run.
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

/// Asserts that all processes are gone within the time.
fn gone(place: &Place, within: Duration) {
    let begun = Instant::now();
    while !place.processes().is_empty() {
        assert!(begun.elapsed() < within, "{:#?}", place.processes());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn runs_its_steps_and_ends() {
    let place = Place::new();
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
    let place = Place::new();
    let steps = vec![place.step("deaf", DEAF), place.step("later", SUM)];
    let folder = place.order(1, 60, WhenDone::Terminate, steps);
    folder.start().unwrap();
    marked(&place);
    assert!(place.processes().len() >= 6, "{:#?}", place.processes());
    folder.kill().unwrap();
    gone(&place, Duration::from_secs(3));
    let cluster = folder.read().unwrap();
    assert_eq!(cluster.state, ClusterState::TerminatedWithErrors);
    assert_eq!(cluster.end.as_ref().unwrap().reason, EndReason::Lost);
    assert_eq!(cluster.steps[0].state, StepState::Interrupted);
    assert_eq!(cluster.steps[1].state, StepState::Cancelled);
    // It cannot be started again.
    folder.start().unwrap();
    assert!(folder.wait_over(Duration::from_secs(5)).unwrap());
    assert_eq!(folder.read().unwrap(), cluster);
}

const FAILS: &str = "
from pyspark.sql import SparkSession
sc = SparkSession.builder.getOrCreate().sparkContext
sc.parallelize(range(2), 2).map(lambda x: 1 / x).collect()
";

#[test]
fn a_kept_cluster_takes_steps_after_a_failed_one_and_idles_out() {
    let place = Place::new();
    let steps = vec![place.step("fails", FAILS), place.step("later", SUM)];
    let folder = place.order(1, 3, WhenDone::Keep, steps);
    folder.start().unwrap();
    let failed = until(&folder, |c| c.steps[1].state.is_over()).steps;
    let message = "ZeroDivisionError: division by zero (fails.py, line 4), in a Python worker";
    assert_eq!(failed[0].failure.as_deref(), Some(message));
    assert_eq!(failed[0].state, StepState::Failed);
    assert_eq!(failed[1].state, StepState::Cancelled);
    let again = job(vec![place.step("again", SUM)]);
    // The third request is the second one written twice, as by a process that was killed and
    // repeated it.
    for run in [2, 3, 3] {
        let job = again.clone();
        assert!(folder.request(&Request::AddSteps { job, run }).unwrap());
    }
    let runs: Vec<_> = folder.read().unwrap().steps.iter().map(|s| s.run).collect();
    assert_eq!(runs, [1, 1, 2, 3]);
    assert!(folder.wait_over(Duration::from_secs(90)).unwrap());
    let cluster = folder.read().unwrap();
    assert_eq!(cluster.state, ClusterState::Terminated);
    let mut taken = cluster.steps[2..].iter();
    assert!(taken.all(|s| s.state == StepState::Completed));
    let end = cluster.end.unwrap();
    assert_eq!(end.reason, EndReason::IdleTimeout);
    assert!(
        end.message.as_str().starts_with("idle for 3s since "),
        "{}",
        end.message
    );
    let idle = cluster.ended_at.unwrap() - cluster.steps[3].ended_at.unwrap();
    assert!((3_000..6_000).contains(&idle.num_milliseconds()), "{idle}");
    gone(&place, Duration::from_secs(1));
}

#[test]
fn a_request_ends_it_within_seconds_during_a_job() {
    let place = Place::new();
    let steps = vec![place.step("deaf", DEAF)];
    let folder = place.order(1, 60, WhenDone::Keep, steps);
    folder.start().unwrap();
    marked(&place);
    let asked = Instant::now();
    let end = End::asked("destroy");
    folder.request(&Request::Terminate(end)).unwrap();
    assert!(folder.wait_over(Duration::from_secs(20)).unwrap());
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    println!("ended after {:?}", asked.elapsed());
    gone(&place, Duration::from_millis(100));
    let cluster = folder.read().unwrap();
    assert_eq!(cluster.state, ClusterState::Terminated);
    assert_eq!(cluster.end.unwrap().reason, EndReason::Request);
    assert_eq!(cluster.steps[0].state, StepState::Interrupted);
}

#[test]
fn a_master_that_dies_ends_the_cluster() {
    let place = Place::new();
    let folder = place.order(1, 60, WhenDone::Keep, Vec::new());
    folder.start().unwrap();
    until(&folder, |c| c.state == ClusterState::Waiting);
    let master = place.pid_of("deploy.master.Master").unwrap();
    let master = Pid::from_raw(master.parse().unwrap()).unwrap();
    kill_process(master, Signal::KILL).unwrap();
    assert!(folder.wait_over(Duration::from_secs(20)).unwrap());
    let end = folder.read().unwrap().end.unwrap();
    assert_eq!(end.reason, EndReason::Failure);
    assert!(
        end.message.as_str().contains("master ended"),
        "{}",
        end.message
    );
    gone(&place, Duration::from_secs(1));
}

#[test]
fn a_shutdown_of_the_machine_ends_the_cluster_in_order() {
    let place = Place::new();
    let folder = place.order(1, 60, WhenDone::Keep, Vec::new());
    folder.start().unwrap();
    until(&folder, |c| c.state == ClusterState::Waiting);
    let supervisor = place.pid_of(" supervise ").unwrap();
    let supervisor = Pid::from_raw(supervisor.parse().unwrap()).unwrap();
    kill_process(supervisor, Signal::TERM).unwrap();
    assert!(folder.wait_over(Duration::from_secs(5)).unwrap());
    let end = folder.read().unwrap().end.unwrap();
    assert_eq!(end.reason, EndReason::Lost);
    assert_eq!(end.message, "this machine stopped it (SIGTERM)");
    gone(&place, Duration::from_millis(100));
}
