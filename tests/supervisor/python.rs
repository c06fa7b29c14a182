//! Tests with a Python that the job brings.

use crate::support::Place;
use clusterup::model::observed::StepState;
use clusterup::model::stack::WhenDone;
use std::fs;
use std::time::Duration;

/// Prints which Python the driver and the workers ran on, and from where each loaded PySpark.
const WHICH: &str = "
from pyspark.sql import SparkSession
import pyspark, sys
def which(x):
    import pyspark, sys
    return (sys.executable, '.zip' in pyspark.__file__)
sc = SparkSession.builder.getOrCreate().sparkContext
print(sys.executable, '.zip' in pyspark.__file__, *sc.parallelize([1], 1).map(which).first())
";

#[test]
fn a_job_runs_on_its_own_python() {
    let place = Place::new();
    let ours = place.launch().python.clone();
    // The Python on which ours is based: the same version, without PySpark.
    let theirs = fs::canonicalize(&ours).unwrap();
    let theirs = theirs.to_str().unwrap();
    let step = |name: &str, script: &str, pairs: &[(&str, &str)]| {
        let mut step = place.step(name, script);
        let pairs = pairs.iter();
        step.conf = pairs
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        step
    };
    let in_script = format!("import os\nos.environ['PYSPARK_PYTHON'] = '{theirs}'\n{WHICH}");
    let steps = vec![
        step("whole", WHICH, &[("spark.pyspark.python", theirs)]),
        step("driver", WHICH, &[("spark.pyspark.driver.python", theirs)]),
        step("script", &in_script, &[]),
        step(
            "of-emr",
            WHICH,
            &[("spark.pyspark.python", "/emr/has/python3.9")],
        ),
    ];
    let folder = place.order(1, 60, WhenDone::Terminate, steps);
    folder.start().unwrap();
    assert!(folder.wait_over(Duration::from_secs(120)).unwrap());
    let cluster = folder.read().unwrap();
    for step in &cluster.steps {
        assert_eq!(step.state, StepState::Completed, "{:?}", step.failure);
    }
    let message = |name: &str| {
        let stdout = folder.path().join("logs/steps").join(name).join("stdout");
        fs::read_to_string(stdout).unwrap()
    };
    let ours = ours.to_str().unwrap();
    assert_eq!(
        message("01-whole"),
        format!("{theirs} True {theirs} True\n")
    );
    assert_eq!(
        message("02-driver"),
        format!("{theirs} True {ours} False\n")
    );
    assert_eq!(
        message("03-script"),
        format!("{ours} False {theirs} True\n")
    );
    assert_eq!(message("04-of-emr"), format!("{ours} False {ours} False\n"));
}
