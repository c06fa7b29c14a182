//! Tests with logs of Spark 3.5, shortened.

use super::last_error;

fn error(log: &str) -> String {
    last_error(log).unwrap()
}

const END: &str = "\
26/11/21 04:55:08 INFO SparkContext: Invoking stop() from shutdown hook
26/11/21 04:55:08 INFO SparkContext: Successfully stopped SparkContext
26/11/21 04:55:08 INFO ShutdownHookManager: Shutdown hook called
26/11/21 04:55:08 ERROR ShutdownHookManager: Exception while deleting Spark temp dir: /tmp/x
java.io.IOException: Failed to delete: /tmp/x
\tat org.apache.spark.network.util.JavaUtils.deleteRecursively(JavaUtils.java:147)
";

#[test]
fn python_in_the_driver() {
    let log = "\
26/11/21 04:55:07 INFO SparkContext: Running Spark version 3.5.9
Traceback (most recent call last):
  File \"/data/bucket/scripts/job.py\", line 8, in <module>
    main()
26/11/21 04:55:07 INFO BlockManagerInfo: Removed broadcast_0_piece0 on 127.0.0.1:34377
  File \"/data/bucket/scripts/job.py\", line 5, in main
    print(rows[3])
          ~~~~^^^
IndexError: list index out of range
";
    let found = "IndexError: list index out of range (job.py, line 5)";
    assert_eq!(error(&format!("{log}{END}")), found);
}

#[test]
fn module_not_found() {
    let log = "\
Traceback (most recent call last):
  File \"/data/job.py\", line 1, in <module>
    import pandas
ModuleNotFoundError: No module named 'pandas'
";
    let found = "ModuleNotFoundError: No module named 'pandas' (job.py, line 1)";
    assert_eq!(error(&format!("{log}{END}")), found);
}

#[test]
fn a_script_that_cannot_be_parsed() {
    let log = "\
26/11/21 04:55:07 INFO SparkContext: Running Spark version 3.5.9
  File \"/mnt/tmp/spark-1/job.py\", line 1
    print x
    ^^^^^^^
SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?
";
    let found = "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)? \
                 (job.py, line 1)";
    assert_eq!(error(&format!("{log}{END}")), found);
}

#[test]
fn python_in_an_executor() {
    let log = include_str!("logs/python_in_an_executor.log");
    let found = "ZeroDivisionError: division by zero (job.py, line 11)";
    assert_eq!(error(&format!("{log}{END}")), found);
}

#[test]
fn python_in_sql() {
    let log = include_str!("logs/python_in_sql.log");
    let found = "ValueError: invalid literal for int() with base 10: 'a' (job.py, line 7)";
    assert_eq!(error(&format!("{log}{END}")), found);
}

#[test]
fn missing_file() {
    let log = include_str!("logs/missing_file.log");
    let found =
        "AnalysisException: [PATH_NOT_FOUND] Path does not exist: file:/nowhere. (job.py, line 4)";
    assert_eq!(error(&format!("{log}{END}")), found);
}

#[test]
fn driver_out_of_memory() {
    let log = include_str!("logs/driver_out_of_memory.log");
    assert_eq!(error(log), "java.lang.OutOfMemoryError: Java heap space");
}

#[test]
fn lost_executor() {
    let log = include_str!("logs/lost_executor.log");
    let text = error(&format!("{log}{END}"));
    assert!(
        text.starts_with("org.apache.spark.SparkException: Job aborted"),
        "{text}"
    );
    assert!(text.ends_with("code 137"), "{text}");
}

#[test]
fn root_of_javas_causes() {
    let log = include_str!("logs/root_of_javas_causes.log");
    let found = "java.io.IOException: Mkdirs failed to create file:/root/out/_temporary";
    assert_eq!(error(&format!("{log}{END}")), found);
}

#[test]
fn daemons() {
    let log = include_str!("logs/daemons.log");
    let found =
        "java.net.BindException: Cannot assign requested address: Service 'sparkMaster' failed";
    assert_eq!(error(log), found);
    let log = "\
Error: Could not find or load main class org.apache.spark.deploy.master.Master
Caused by: java.lang.ClassNotFoundException: org.apache.spark.deploy.master.Master
";
    assert!(error(log).starts_with("Error: Could not find"));
    let log = "\
Error occurred during initialization of VM
Could not reserve enough space for object heap
";
    assert!(error(log).starts_with("Error occurred"));
}

#[test]
fn nothing_wrong() {
    assert_eq!(
        last_error("26/11/21 04:55:08 INFO SparkContext: fine\n"),
        None
    );
    assert_eq!(last_error(""), None);
    assert_eq!(last_error(END), None);
}
