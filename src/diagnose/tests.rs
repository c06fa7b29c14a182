//! Logs as Spark 3.5 writes them, cut short.

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
    let said = "IndexError: list index out of range (job.py, line 5)";
    assert_eq!(error(&format!("{log}{END}")), said);
}

#[test]
fn module_not_found() {
    let log = "\
Traceback (most recent call last):
  File \"/data/job.py\", line 1, in <module>
    import pandas
ModuleNotFoundError: No module named 'pandas'
";
    let said = "ModuleNotFoundError: No module named 'pandas' (job.py, line 1)";
    assert_eq!(error(&format!("{log}{END}")), said);
}

#[test]
fn python_in_an_executor() {
    let log = r#"26/11/21 04:55:07 WARN TaskSetManager: Lost task 0.0 in stage 0.0 (TID 0) (127.0.0.1 executor 0): org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/opt/pyspark/python/lib/pyspark.zip/pyspark/worker.py", line 1247, in main
    process()
  File "/data/job.py", line 99, in <lambda>
KeyError: 'first try'

	at org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:572)

26/11/21 04:55:07 ERROR TaskSetManager: Task 0 in stage 0.0 failed 4 times; aborting job
Traceback (most recent call last):
  File "/data/job.py", line 12, in <module>
    rdd.map(lambda x: 1 / 0).collect()
  File "/opt/lib/python3.11/site-packages/pyspark/rdd.py", line 1833, in collect
    sock_info = self.ctx._jvm.PythonRDD.collectAndServe(self._jrdd.rdd())
  File "/opt/lib/python3.11/site-packages/py4j/protocol.py", line 326, in get_return_value
    raise Py4JJavaError(
py4j.protocol.Py4JJavaError: An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent failure: Lost task 0.3 in stage 0.0 (TID 5) (127.0.0.1 executor 0): org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/opt/pyspark/python/lib/pyspark.zip/pyspark/worker.py", line 1247, in main
    process()
  File "/data/job.py", line 11, in <lambda>
    rdd.map(lambda x: 1 / 0).collect()
                      ~~^~~
ZeroDivisionError: division by zero

	at org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:572)
Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/data/job.py", line 11, in <lambda>
ZeroDivisionError: division by zero

	at org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:572)
"#;
    let said = "ZeroDivisionError: division by zero (job.py, line 11)";
    assert_eq!(error(&format!("{log}{END}")), said);
}

#[test]
fn python_in_sql() {
    let log = r#"Traceback (most recent call last):
  File "/data/job.py", line 9, in <module>
    df.select(f("x")).show()
  File "/opt/lib/python3.11/site-packages/pyspark/errors/exceptions/captured.py", line 185, in deco
    raise converted from None
pyspark.errors.exceptions.captured.PythonException: 
  An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "/data/job.py", line 7, in f
    return int(x)
ValueError: invalid literal for int() with base 10: 'a'

"#;
    let said = "ValueError: invalid literal for int() with base 10: 'a' (job.py, line 7)";
    assert_eq!(error(&format!("{log}{END}")), said);
}

#[test]
fn missing_file() {
    let log = r#"Traceback (most recent call last):
  File "/data/job.py", line 4, in <module>
    spark.read.text("/nowhere").show()
  File "/opt/lib/python3.11/site-packages/pyspark/errors/exceptions/captured.py", line 185, in deco
    raise converted from None
pyspark.errors.exceptions.captured.AnalysisException: [PATH_NOT_FOUND] Path does not exist: file:/nowhere.
"#;
    let said =
        "AnalysisException: [PATH_NOT_FOUND] Path does not exist: file:/nowhere. (job.py, line 4)";
    assert_eq!(error(&format!("{log}{END}")), said);
}

#[test]
fn driver_out_of_memory() {
    let log = r#"26/11/21 05:00:00 ERROR Utils: Uncaught exception in thread task-result-getter-0
java.lang.OutOfMemoryError: Java heap space
	at java.base/java.util.Arrays.copyOf(Unknown Source)
Traceback (most recent call last):
  File "/data/job.py", line 6, in <module>
    rows = df.collect()
  File "/opt/lib/python3.11/site-packages/py4j/clientserver.py", line 516, in send_command
    raise Py4JNetworkError("Answer from Java side is empty")
py4j.protocol.Py4JNetworkError: Answer from Java side is empty
"#;
    assert_eq!(error(log), "java.lang.OutOfMemoryError: Java heap space");
}

#[test]
fn lost_executor() {
    let log = r#"Traceback (most recent call last):
  File "/data/job.py", line 6, in <module>
    rdd.count()
py4j.protocol.Py4JJavaError: An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent failure: Lost task 0.3 in stage 0.0 (TID 3) (127.0.0.1 executor 3): ExecutorLostFailure (executor 3 exited caused by one of the running tasks) Reason: Command exited with code 137
Driver stacktrace:
	at org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2898)
"#;
    let text = error(&format!("{log}{END}"));
    assert!(
        text.starts_with("org.apache.spark.SparkException: Job aborted"),
        "{text}"
    );
    assert!(text.ends_with("code 137"), "{text}");
}

#[test]
fn root_of_javas_causes() {
    let log = r#"Traceback (most recent call last):
  File "/data/job.py", line 6, in <module>
    df.write.csv("/root/out")
py4j.protocol.Py4JJavaError: An error occurred while calling o42.csv.
: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows to file:/root/out.
	at org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRowsError(X.scala:789)
Caused by: java.lang.RuntimeException: wrapped
	... 3 more
Caused by: java.io.IOException: Mkdirs failed to create file:/root/out/_temporary
	... 9 more
"#;
    let said = "java.io.IOException: Mkdirs failed to create file:/root/out/_temporary";
    assert_eq!(error(&format!("{log}{END}")), said);
}

#[test]
fn daemons() {
    let log = "\
26/11/21 04:55:04 ERROR SparkUncaughtExceptionHandler: Uncaught exception in thread Thread[main,5,main]
java.net.BindException: Cannot assign requested address: Service 'sparkMaster' failed
\tat java.base/sun.nio.ch.Net.bind0(Native Method)
26/11/21 04:55:04 INFO ShutdownHookManager: Shutdown hook called
";
    let said =
        "java.net.BindException: Cannot assign requested address: Service 'sparkMaster' failed";
    assert_eq!(error(log), said);
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
