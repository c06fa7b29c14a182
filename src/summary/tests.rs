//! The reader on small logs: whole, in pieces, cut off, and with what does not belong there.

use super::{Application, FLOOR_MS, LogReader};
use proptest::prelude::*;

fn event(name: &str, rest: &str) -> String {
    format!("{{\"Event\":\"{name}\",{rest}}}\n")
}

fn task(stage: u32, executor: &str, run: u64, read: u64) -> String {
    task_that(stage, executor, run, read, "Success")
}

fn task_that(stage: u32, executor: &str, run: u64, read: u64, reason: &str) -> String {
    event(
        "SparkListenerTaskEnd",
        &format!(
            r#""Stage ID":{stage},"Stage Attempt ID":0,"Task End Reason":{{"Reason":"{reason}"}},
            "Task Info":{{"Executor ID":"{executor}","Launch Time":1000,"Finish Time":{},
            "Accumulables":[{{"ID":1,"Name":"x","Value":[1,{{"a":null}}]}}]}},
            "Task Executor Metrics":{{"JVMHeapMemory":5000000,"ProcessTreePythonRSSMemory":0}},
            "Task Metrics":{{"Executor Run Time":{run},"JVM GC Time":7,"Disk Bytes Spilled":3,
            "Shuffle Read Metrics":{{"Remote Bytes Read":{read},"Local Bytes Read":1}},
            "Input Metrics":{{"Bytes Read":10}}}}"#,
            1_000 + run + 5
        )
        .replace('\n', ""),
    )
}

fn stage(id: u32, attempt: u32, from: i64, until: i64) -> String {
    event(
        "SparkListenerStageCompleted",
        &format!(
            r#""Stage Info":{{"Stage ID":{id},"Stage Attempt ID":{attempt},"Stage Name":"count at a.py:3",
            "Number of Tasks":4,"Submission Time":{from},"Completion Time":{until}}}"#
        )
        .replace('\n', ""),
    )
}

/// An application of 100 seconds with two executors, of which one is lost, and two stages.
fn log() -> String {
    log_with("")
}

/// The same, with more events before its job.
fn log_with(more: &str) -> String {
    [
        event("SparkListenerLogStart", r#""Spark Version":"3.5.9""#),
        event(
            "SparkListenerEnvironmentUpdate",
            r#""JVM Information":{},"Spark Properties":{"spark.master":"yarn","spark.executor.memory":"2g",
            "spark.executor.instances":"3","spark.clusterup.step":"load"},"System Properties":{}"#
                .replace('\n', "")
                .as_str(),
        ),
        event(
            "SparkListenerApplicationStart",
            r#""App Name":"x","App ID":"application_1","Timestamp":1000,"User":"u""#,
        ),
        executor("1", 2_000),
        executor("2", 3_000),
        more.to_owned(),
        event(
            "SparkListenerJobStart",
            r#""Job ID":0,"Submission Time":11000,"Stage Infos":[{"Stage ID":0,"Stage Name":"count at a.py:3"}]"#,
        ),
        task(0, "1", 10, 100),
        task(0, "1", 20, 200),
        task_that(0, "1", 30, 300, "ExceptionFailure"),
        task(0, "2", 70_000, 90_000),
        stage(0, 0, 11_000, 81_000),
        event(
            "SparkListenerExecutorRemoved",
            r#""Timestamp":83000,"Executor ID":"2","Removed Reason":"Container released on a *lost* node""#,
        ),
        stage(0, 1, 83_000, 91_000),
        event("SparkListenerJobEnd", r#""Job ID":0,"Completion Time":91000"#),
        event("org.apache.spark.of.tomorrow", r#""Anything":{"at":["all"]}"#),
        event("SparkListenerApplicationEnd", r#""Timestamp":101000"#),
    ]
    .concat()
}

fn executor(id: &str, at: i64) -> String {
    event(
        "SparkListenerExecutorAdded",
        &format!(
            r#""Timestamp":{at},"Executor ID":"{id}","Executor Info":{{"Host":"h","Total Cores":2}}"#
        ),
    )
}

fn read(log: &[u8]) -> Option<Application> {
    let mut reader = LogReader::default();
    reader.feed(log);
    reader.finish()
}

#[test]
fn the_figures_of_a_log() {
    let app = read(log().as_bytes()).unwrap();
    assert_eq!(app.id.as_deref(), Some("application_1"));
    assert_eq!(app.settings.executors, Some(3));
    assert_eq!(app.settings.step.as_deref(), Some("load"));
    assert!(app.complete && !app.settings.is_local() && app.broken_lines == 0);
    assert_eq!(app.wall_ms(), Some(100_000));
    assert_eq!(
        (app.driver.total_ms, app.driver.longest_ms),
        (20_000, 10_000)
    );
    assert_eq!((app.executors.slots, app.executors.at_once), (4, 2));
    assert_eq!(app.executors.slot_ms, 2 * (99_000 + 80_000));
    assert_eq!(app.executors.busy_ms, 10 + 20 + 30 + 70_000 + 4 * 5);
    assert_eq!(app.executors.lost.len(), 1);
    assert_eq!((app.totals.tasks, app.totals.failed_tasks), (4, 1));
    assert_eq!(app.totals.run_ms, Some(70_060));
    assert_eq!(app.totals.input, Some(40));
    assert_eq!(
        app.totals.output, None,
        "what is not in the log is not zero"
    );
    assert_eq!(app.memory.executor_heap, Some(5_000_000));
    assert_eq!((app.memory.python, app.memory.driver_heap), (None, None));
    let [first, again] = app.stages.as_slice() else {
        panic!("two attempts: {:?}", app.stages);
    };
    // A failed task is not compared with the others.
    assert_eq!((first.run_ms.median, first.run_ms.max), (20, 70_000));
    assert_eq!(
        (first.shuffle_read.median, first.shuffle_read.max),
        (201, 90_001)
    );
    assert_eq!(first.disk_spilled, 12);
    assert!(first.is_skewed() && !again.is_skewed());
    assert_eq!(app.repeated_ms(), 8_000);
}

#[test]
fn a_log_of_nothing_is_no_application() {
    for none in ["", "\n\n", "not a log\n", "{}\n", "[1]", "\u{fffd}"] {
        assert_eq!(read(none.as_bytes()), None, "{none:?}");
    }
}

#[test]
fn a_killed_drivers_log_is_read_to_where_it_ends() {
    let log = log();
    let end = log.find("SparkListenerExecutorRemoved").unwrap();
    let app = read(&log.as_bytes()[..end + 40]).unwrap();
    assert!(!app.complete && app.broken_lines == 0);
    // Its last event is the end of the stage.
    assert_eq!(app.wall_ms(), Some(80_000));
    assert_eq!(app.totals.tasks, 4);
    assert_eq!(app.driver.total_ms, 10_000);
}

#[test]
fn parts_are_one_log_and_a_line_that_is_cut_at_their_border_is_passed_over() {
    let log = log();
    let half = log.find("SparkListenerStageCompleted").unwrap();
    let mut reader = LogReader::default();
    reader.feed(&log.as_bytes()[..half + 30]);
    reader.end_of_part();
    reader.feed(&log.as_bytes()[half - 10..]);
    let app = reader.finish().unwrap();
    assert_eq!(app, read(log.as_bytes()).unwrap());
}

#[test]
fn lines_that_are_too_long_are_passed_over_without_being_kept() {
    let mut reader = LogReader::default();
    reader.feed(b"{\"Event\":\"SparkListenerTaskEnd\",\"x\":\"");
    for _ in 0..80 {
        reader.feed(&vec![b'x'; 1 << 20]);
    }
    reader.feed(b"\"}\n");
    reader.feed(log().as_bytes());
    let app = reader.finish().unwrap();
    assert_eq!((app.broken_lines, app.totals.tasks), (1, 4));
}

#[test]
fn a_waiting_executor_is_idle_once_it_has_waited_for_a_minute() {
    for (at, idle) in [(101_000 - FLOOR_MS.cast_signed(), 1), (60_000, 0)] {
        let log = log_with(&executor("3", at));
        let app = read(log.as_bytes()).unwrap();
        assert_eq!(app.executors.idle, idle, "{at}");
    }
}

proptest! {
    #[test]
    fn pieces_of_any_size_are_the_same_log(sizes in prop::collection::vec(1_usize..400, 1..40)) {
        let log = log();
        let mut reader = LogReader::default();
        let mut rest = log.as_bytes();
        for size in sizes.iter().cycle() {
            let (piece, more) = rest.split_at((*size).min(rest.len()));
            reader.feed(piece);
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(reader.finish(), read(log.as_bytes()));
    }

    #[test]
    fn no_damage_is_harmful(
        at in 0_usize..4_000,
        byte in any::<u8>(),
        drop in 0_usize..16,
        twice in 0_usize..16,
    ) {
        let log = log();
        let mut lines: Vec<Vec<u8>> = log.lines().map(|line| line.as_bytes().to_vec()).collect();
        let doubled = lines[twice % lines.len()].clone();
        lines.insert(twice % lines.len(), doubled);
        let dropped = drop % lines.len();
        lines.remove(dropped);
        let mut bytes = lines.join(&b'\n');
        let place = at % bytes.len();
        bytes[place] = byte;
        if let Some(app) = read(&bytes) {
            prop_assert!(app.broken_lines <= 2);
            prop_assert!(app.totals.tasks <= 5);
        }
    }
}

#[test]
fn names_of_stages_are_short_and_say_only_what_is_known() {
    for (name, shown) in [
        ("groupBy at /mnt/a b/job.py:52", "groupBy at job.py:52"),
        ("csv at NativeMethodAccessorImpl.java:0", "csv"),
        ("csv at <unknown>:0", "csv"),
        (
            "runJob at SparkHadoopWriter.scala:83",
            "runJob at SparkHadoopWriter.scala:83",
        ),
        (
            "x\u{1b}[31m\n at C:\\x\\job.py:1",
            "x\u{fffd}[31m at job.py:1",
        ),
        ("", ""),
    ] {
        assert_eq!(super::call_site(name), shown);
    }
}
