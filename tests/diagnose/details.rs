//! What a diagnosis says besides its cause: evidence, consequences and remedies.

use clusterup::diagnose::{Asked, diagnose};
use clusterup::model::desired::StepSpec;
use clusterup::model::diagnosis::{Confidence, Diagnosis, Remedy};
use clusterup::model::evidence::{Evidence, LogRole, LogText, Section};

fn of(logs: &[(LogRole, &str, &str)], exit: Option<i32>) -> Diagnosis {
    let log = |(role, name, text): &(LogRole, &str, &str)| LogText::whole(*role, *name, *text);
    let logs = logs.iter().map(log).collect();
    diagnose(
        &Evidence {
            logs,
            exit,
            ..Evidence::default()
        },
        Asked::default(),
    )
}

fn lines(found: &Diagnosis) -> Vec<String> {
    let line = |line: &clusterup::model::diagnosis::EvidenceLine| {
        let number = line
            .number
            .map_or(String::new(), |number| number.to_string());
        format!("{}:{number}: {}", line.log, line.text)
    };
    found.evidence.iter().map(line).collect()
}

const RAISED: &str = "\
one row
Traceback (most recent call last):
  File \"/mnt/tmp/spark-1/job.py\", line 12, in <module>
    print(total / count)
ZeroDivisionError: division by zero
";

#[test]
fn an_exception_is_shown_with_its_line() {
    let found = of(&[(LogRole::DriverOutput, "stdout", RAISED)], Some(1));
    assert_eq!(
        found.cause,
        "ZeroDivisionError: division by zero (job.py, line 12)"
    );
    assert_eq!(
        lines(&found),
        [
            "stdout:5: ZeroDivisionError: division by zero",
            "stdout:3: File \"/mnt/tmp/spark-1/job.py\", line 12, in <module>",
            "stdout:4: print(total / count)",
        ]
    );
    let [Remedy::ChangeLine { file, line, .. }] = &found.remedies[..] else {
        panic!("{:?}", found.remedies);
    };
    assert_eq!(file.as_ref().unwrap(), "job.py");
    assert_eq!(*line, Some(12));
}

#[test]
fn the_tail_of_a_log_has_no_line_numbers() {
    let section = |first_line, text: &str| Section {
        first_line,
        text: text.to_owned(),
    };
    let log = LogText {
        role: LogRole::DriverOutput,
        name: "stdout".to_owned(),
        sections: vec![section(Some(1), "one row"), section(None, RAISED)],
    };
    let logs = vec![log];
    let found = diagnose(
        &Evidence {
            logs,
            ..Evidence::default()
        },
        Asked::default(),
    );
    assert_eq!(
        lines(&found)[0],
        "stdout:: ZeroDivisionError: division by zero"
    );
}

#[test]
fn an_exit_code_without_an_error_is_told() {
    let output = (LogRole::DriverOutput, "stdout", "no rows for today\n");
    let found = of(&[output], Some(3));
    let cause = "the program ended with exit code 3 and no error in its logs";
    assert_eq!(found.cause, cause);
    assert_eq!(found.confidence, Confidence::Unknown);
    assert_eq!(lines(&found), ["stdout:1: no rows for today"]);
    // EMR's controller tells it where nobody else does.
    let controller = "2026-11-21T04:31:24.123Z INFO waiting\nCommand exiting with ret '3'\n";
    let found = of(
        &[output, (LogRole::Controller, "controller", controller)],
        None,
    );
    assert_eq!(found.cause, cause);
    let found = of(&[output], Some(143));
    assert_eq!(
        found.cause,
        "signal 15 ended the program, and its logs have no error"
    );
    let found = of(&[output], Some(137));
    assert_eq!(found.rule.as_deref(), Some("driver-killed"));
    assert_eq!(found.confidence, Confidence::Low);
}

#[test]
fn a_log_of_an_executor_alone_tells_what_happened_there() {
    let log = "\
26/11/21 04:31:20 INFO Executor: Running task 0.0 in stage 0.0 (TID 0)
26/11/21 04:31:24 ERROR Executor: Exception in task 0.0 in stage 0.0 (TID 0)
java.lang.OutOfMemoryError: Java heap space
";
    let found = of(&[(LogRole::Executor, "stderr", log)], None);
    assert_eq!(found.rule.as_deref(), Some("executor-heap"));
    assert_eq!(found.confidence, Confidence::Likely);
}

const LOST: &str = "\
26/11/21 04:31:20 ERROR YarnScheduler: Lost executor 3 on a: Container killed by YARN for exceeding physical memory limits. 5.6 GB of 5.5 GB physical memory used. Consider boosting spark.executor.memoryOverhead.
26/11/21 04:31:21 ERROR YarnScheduler: Lost executor 5 on b: Remote RPC client disassociated.
26/11/21 04:31:22 WARN TaskSetManager: Lost task 1.3 in stage 4.0 (TID 9) (a executor 3): FetchFailed(null, shuffleId=0)
26/11/21 04:31:23 ERROR TaskSetManager: Task 1 in stage 4.0 failed 4 times; aborting job
";

#[test]
fn what_followed_is_counted_in_the_order_of_time() {
    let found = of(&[(LogRole::DriverLog, "stderr", LOST)], Some(1));
    let cause = "YARN killed an executor for its memory: it used 5.6 GB of 5.5 GB, with its Python \
                 workers";
    assert_eq!(found.cause, cause);
    let consequences: Vec<&str> = found
        .consequences
        .iter()
        .map(|told| told.as_str())
        .collect();
    assert_eq!(
        consequences,
        [
            "2 executors were lost",
            "shuffle files were lost",
            "stage 4 was aborted"
        ]
    );
}

#[test]
fn settings_that_are_there_already_are_no_remedy() {
    let log = "\
Traceback (most recent call last):
  File \"/x/job.py\", line 8, in <module>
    a.join(b, \"id\").count()
py4j.protocol.Py4JJavaError: An error occurred while calling o1.count.
: org.apache.spark.SparkException: Could not execute broadcast in 300 secs. You can increase the timeout
";
    let step = |conf: &str| -> StepSpec {
        let text = format!(
            r#"{{"name":"one","script":"/x/job.py","args":[],"executor_memory":"1g","conf":{conf}}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    let remedies = |step: &StepSpec| {
        let logs = vec![LogText::whole(LogRole::DriverOutput, "stdout", log)];
        let asked = Asked {
            step: Some(step),
            has_spot: false,
        };
        diagnose(
            &Evidence {
                logs,
                ..Evidence::default()
            },
            asked,
        )
        .remedies
        .len()
    };
    assert_eq!(remedies(&step("{}")), 2);
    let set = step(r#"{"spark.sql.autoBroadcastJoinThreshold":"-1"}"#);
    assert_eq!(remedies(&set), 1);
}

#[test]
fn an_exception_during_the_handling_of_another_followed_from_it() {
    let log = "\
Traceback (most recent call last):
  File \"/x/job.py\", line 8, in <module>
    year = int(row[\"year\"])
KeyError: 'year'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/x/job.py\", line 10, in <module>
    print(rwo)
NameError: name 'rwo' is not defined
";
    let found = of(&[(LogRole::DriverOutput, "stdout", log)], Some(1));
    assert_eq!(found.cause, "KeyError: 'year' (job.py, line 8)");
    let followed = "it was followed by NameError: name 'rwo' is not defined";
    assert_eq!(found.consequences, [followed]);
}

#[test]
fn a_traceback_that_repeats_in_the_causes_is_told_once() {
    let exception = "\
org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File \"/x/job.py\", line 11, in <lambda>
    rdd.map(lambda x: 1 / x)
ZeroDivisionError: division by zero

\tat org.apache.spark.api.python.BasePythonRunner.x(PythonRunner.scala:572)
";
    let log = format!(
        "\
Traceback (most recent call last):
  File \"/x/job.py\", line 12, in <module>
    rdd.collect()
py4j.protocol.Py4JJavaError: An error occurred while calling o1.collect.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent failure: Lost task 0.3 in stage 0.0 (TID 5) (a executor 1): {exception}
Driver stacktrace:
\tat org.apache.spark.scheduler.DAGScheduler.x(DAGScheduler.scala:2785)
Caused by: {exception}"
    );
    let found = of(&[(LogRole::DriverOutput, "stdout", log.as_str())], Some(1));
    let cause = "ZeroDivisionError: division by zero (job.py, line 11), in a Python worker";
    assert_eq!(found.cause, cause);
    assert_eq!(found.consequences, ["stage 0 was aborted"]);
}

#[test]
fn a_handled_exception_does_not_hide_that_the_driver_died() {
    let log = "\
26/11/21 04:31:20 INFO SparkContext: Running Spark version 3.5.1
26/11/21 04:31:24 ERROR Utils: Uncaught exception in thread task-result-getter-0
java.lang.OutOfMemoryError: Java heap space
";
    let output = RAISED.replace("one row", "ERROR:root:no total today");
    let logs = [
        (LogRole::DriverLog, "stderr", log),
        (LogRole::DriverOutput, "stdout", output.as_str()),
    ];
    let found = of(&logs, None);
    assert_eq!(found.rule.as_deref(), Some("driver-heap"));
}

#[test]
fn an_exception_raised_for_lost_executors_is_not_the_cause() {
    let reason = "ExecutorLostFailure (executor 3 exited caused by one of the running tasks) \
                  Reason: Remote RPC client disassociated.";
    let output = format!(
        "\
Traceback (most recent call last):
  File \"/x/job.py\", line 8, in load
    rdd.count()
py4j.protocol.Py4JJavaError: An error occurred while calling o1.count.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 1 in stage 4.0 failed 4 times, most recent failure: Lost task 1.3 in stage 4.0 (TID 9) (a executor 3): {reason}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/x/job.py\", line 10, in <module>
    raise RuntimeError(\"no load\")
RuntimeError: no load
"
    );
    let output = (LogRole::DriverOutput, "stdout", output.as_str());
    let lost = (LogRole::DriverLog, "stderr", LOST);
    let found = of(&[output, lost], Some(1));
    assert_eq!(found.rule.as_deref(), Some("container-memory"));
    let found = of(&[output], Some(1));
    assert_eq!(found.rule.as_deref(), Some("executor-disassociated"));
}

#[test]
fn a_traceback_ends_where_lines_are_missing() {
    let section = |first_line, text: &str| Section {
        first_line,
        text: text.to_owned(),
    };
    let head = "Traceback (most recent call last):\n  File \"/x/old.py\", line 1, in <module>";
    let log = LogText {
        role: LogRole::DriverOutput,
        name: "stdout".to_owned(),
        sections: vec![
            section(Some(1), head),
            section(None, "1200 rows\nValueError: 3"),
        ],
    };
    let logs = vec![log];
    let found = diagnose(
        &Evidence {
            logs,
            ..Evidence::default()
        },
        Asked::default(),
    );
    assert!(
        !found.cause.as_str().contains("1200 rows"),
        "{}",
        found.cause
    );
    assert_eq!(found.confidence, Confidence::Unknown);
}
