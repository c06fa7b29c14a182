//! Logs in virtual time: what hangs is found once, and a long task is not.

mod emr;
mod recovers;

use super::{LogTimes, StuckWatch, Surroundings};
use crate::diagnose::Asked;
use crate::model::diagnosis::{Confidence, Remedy};
use crate::model::stuck::{Stuck, StuckKind};
use chrono::{DateTime, TimeDelta, Utc};

const STARVED: &str = "WARN TaskSchedulerImpl: Initial job has not accepted any resources; check your \
                       cluster UI to ensure that workers are registered and have sufficient resources";
const ACCEPTED: &str =
    "INFO Client: Application report for application_1700000000000_0001 (state: ACCEPTED)";
const REGISTERED: &str = "INFO StandaloneSchedulerBackend$StandaloneDriverEndpoint: Registered executor \
                          NettyRpcEndpointRef(spark-client://Executor) (127.0.0.1:1) with ID";
const TASKS: &str = "INFO TaskSchedulerImpl: Adding task set 0.0 with 8 tasks resource profile 0";
const STARTING: &str = "INFO TaskSetManager: Starting task 0.0 in stage 0.0 (TID 0) (127.0.0.1, \
                        executor 0, partition 0, PROCESS_LOCAL, 7595 bytes)";
const FINISHED: &str = "INFO TaskSetManager: Finished task 0.0 in stage 0.0 (TID 0) in 8 ms on \
                        127.0.0.1 (executor 0) (1/8)";
const GETTER: &str = "ERROR Utils: Uncaught exception in thread task-result-getter-1\n\
                      java.lang.OutOfMemoryError: Java heap space\n\
                      \tat java.base/java.nio.HeapByteBuffer.<init>(HeapByteBuffer.java:64)";

/// The start of the step.
fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn at(second: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(second)
}

/// A log, which is read as it is written.
struct Live {
    watch: StuckWatch,
    found: Vec<(i64, Stuck)>,
    reported: Vec<Stuck>,
    around: Surroundings,
    /// The machine's timezone.
    zone: TimeDelta,
}

impl Live {
    fn new() -> Self {
        Self {
            watch: StuckWatch::new("steps/01-a/stderr".to_owned(), start(), LogTimes::Live),
            found: Vec::new(),
            reported: Vec::new(),
            around: Surroundings::default(),
            zone: TimeDelta::hours(9),
        }
    }

    /// At a second, the driver writes records, or nothing.
    fn at(&mut self, second: i64, records: &[&str]) -> &mut Self {
        let lines: Vec<String> = records
            .iter()
            .flat_map(|record| written(record, at(second) + self.zone))
            .collect();
        let lines = lines.iter().map(String::as_str);
        self.watch.read(lines, at(second));
        let found = self.watch.stuck(Asked::default(), self.around);
        let found = Stuck::news(&mut self.reported, found);
        self.found
            .extend(found.into_iter().map(|stuck| (second, stuck)));
        self
    }

    /// Time passes, and the driver writes nothing.
    fn silent_until(&mut self, from: i64, to: i64) -> &mut Self {
        (from..=to).for_each(|second| {
            self.at(second, &[]);
        });
        self
    }

    fn kinds(&self) -> Vec<(i64, StuckKind)> {
        let of = |(second, stuck): &(i64, Stuck)| (*second, stuck.kind);
        self.found.iter().map(of).collect()
    }
}

/// A record in Spark's form.
fn written(record: &str, at: DateTime<Utc>) -> Vec<String> {
    let begins_with_level = ["INFO ", "WARN ", "ERROR "];
    let is_record = begins_with_level
        .iter()
        .any(|level| record.starts_with(level));
    let stamp = at.format("%y/%m/%d %H:%M:%S ").to_string();
    let stamp = if is_record { stamp.as_str() } else { "" };
    format!("{stamp}{record}")
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_long_task_is_no_hang() {
    let mut log = Live::new();
    log.at(
        1,
        &["INFO SparkContext: Running Spark version 3.5.9", TASKS],
    );
    log.at(
        2,
        &[&format!("{REGISTERED} 0,  ResourceProfileId 0"), STARTING],
    );
    log.silent_until(3, 7_200);
    log.at(7_201, &[FINISHED]).silent_until(7_202, 9_000);
    assert_eq!(log.kinds(), []);
}

#[test]
fn an_executor_that_is_not_granted_for_a_minute_is_reported_once() {
    let mut log = Live::new();
    log.at(
        5,
        &["INFO SparkContext: Running Spark version 3.5.9", TASKS],
    );
    for second in (20..=500).step_by(15) {
        log.at(second, &[STARVED]);
    }
    assert_eq!(log.kinds(), [(65, StuckKind::NoExecutors)]);
    let (_, stuck) = log.found.remove(0);
    assert_eq!(
        stuck.since,
        at(5),
        "the wait began before its first message"
    );
    assert!(
        stuck
            .diagnosis
            .cause
            .as_str()
            .contains("no executor was granted")
    );
    assert_eq!(stuck.diagnosis.confidence, Confidence::Likely);
    assert_eq!(
        stuck.diagnosis.remedies,
        [Remedy::SmallerExecutors, Remedy::Size]
    );
    let numbers: Vec<_> = stuck
        .diagnosis
        .evidence
        .iter()
        .map(|it| it.number)
        .collect();
    assert_eq!(numbers, [Some(3), Some(6)]);
}

#[test]
fn executors_that_come_late_are_no_hang() {
    let mut log = Live::new();
    log.at(5, &[TASKS])
        .at(20, &[STARVED])
        .at(35, &[STARVED])
        .at(50, &[STARVED]);
    log.at(55, &[&format!("{REGISTERED} 0"), STARTING]);
    log.silent_until(56, 900);
    assert_eq!(log.kinds(), []);
    // Where only warnings are logged, the messages stop.
    let mut quiet = Live::new();
    quiet
        .at(20, &[STARVED])
        .at(35, &[STARVED])
        .silent_until(36, 900);
    quiet
        .at(901, &[STARVED])
        .at(916, &[STARVED])
        .silent_until(917, 999);
    assert_eq!(quiet.kinds(), []);
}

#[test]
fn an_application_that_is_not_admitted_for_a_minute_is_reported() {
    let mut log = Live::new();
    for second in 3..300 {
        log.at(second, &[ACCEPTED]);
    }
    assert_eq!(log.kinds(), [(62, StuckKind::MasterNotAdmitted)]);
    let mut admitted = Live::new();
    for second in 3..50 {
        admitted.at(second, &[ACCEPTED]);
    }
    let running = ACCEPTED.replace("ACCEPTED", "RUNNING");
    for second in 50..900 {
        admitted.at(second, &[&running]);
    }
    assert_eq!(admitted.kinds(), []);
}

#[test]
fn where_room_may_come_a_wait_is_a_guess() {
    let mut log = Live::new();
    log.around.may_get_room = true;
    for second in (20..=100).step_by(15) {
        log.at(second, &[STARVED]);
    }
    let stuck = &log.found[0].1;
    assert_eq!(stuck.diagnosis.confidence, Confidence::Low);
}

#[test]
fn executors_that_are_all_lost_are_reported_if_tasks_wait() {
    let lost = "ERROR TaskSchedulerImpl: Lost executor 0 on 127.0.0.1: Command exited with code 52";
    let begin = |log: &mut Live| {
        let first = format!("{REGISTERED} 0,  ResourceProfileId 0");
        log.at(2, &[&first, TASKS, STARTING]);
    };
    let mut log = Live::new();
    begin(&mut log);
    log.at(10, &[lost]).silent_until(11, 400);
    assert_eq!(log.kinds(), [(70, StuckKind::ExecutorsLost)]);
    let mut replaced = Live::new();
    begin(&mut replaced);
    replaced
        .at(10, &[lost])
        .at(40, &[&format!("{REGISTERED} 1")]);
    replaced.silent_until(41, 400);
    assert_eq!(replaced.kinds(), []);
    // Dynamic allocation takes executors away that have no task.
    let mut idle = Live::new();
    begin(&mut idle);
    let ended =
        "INFO TaskSchedulerImpl: Removed TaskSet 0.0, whose tasks have all completed, from pool ";
    let killed = "INFO TaskSchedulerImpl: Executor 0 on 127.0.0.1 killed by driver.";
    idle.at(5, &[FINISHED, ended])
        .at(65, &[killed])
        .silent_until(66, 900);
    assert_eq!(idle.kinds(), []);
}

#[test]
fn executors_that_die_one_after_another_are_reported() {
    let die = |log: &mut Live, from: i64, several: &[i64]| {
        log.at(from, &[TASKS]);
        for (number, second) in several.iter().enumerate() {
            let second = from + second;
            let updated = format!(
                "INFO StandaloneAppClient$ClientEndpoint: Executor updated: app-2026-0000/{number} is \
                 now EXITED (Command exited with code 1)"
            );
            let removed =
                format!("INFO BlockManagerMaster: Removal of executor {number} requested");
            log.at(second, &[&updated, &removed]);
        }
    };
    let mut log = Live::new();
    die(&mut log, 0, &[10, 20, 30, 40, 50, 60]);
    assert_eq!(log.kinds(), [(40, StuckKind::ExecutorsDie)]);
    let cause = log.found[0].1.diagnosis.cause.to_string();
    assert!(cause.contains("4 executors died"), "{cause}");
    // A node takes all of its executors along.
    let mut node = Live::new();
    die(&mut node, 0, &[10, 10, 11, 11, 12]);
    node.silent_until(13, 900);
    assert_eq!(node.kinds(), []);
    // Tasks end in between.
    let mut slow = Live::new();
    die(&mut slow, 0, &[10, 20, 30]);
    slow.at(35, &[FINISHED]);
    die(&mut slow, 100, &[10, 20, 30]);
    assert_eq!(slow.kinds(), []);
    // Where only errors are logged, nobody knows whether tasks end.
    let mut quiet = Live::new();
    for number in 0..9 {
        let lost = format!("ERROR TaskSchedulerImpl: Lost executor {number} on h: unknown");
        quiet.at(10 + 600 * number, &[&lost]);
    }
    assert_eq!(quiet.kinds(), []);
}

#[test]
fn a_thread_that_died_of_memory_is_reported_once_no_task_ends() {
    let jvm =
        "Exception in thread \"task-result-getter-0\" java.lang.OutOfMemoryError: Java heap space";
    let handler = "\nException: java.lang.OutOfMemoryError thrown from the UncaughtExceptionHandler \
                   in thread \"task-result-getter-2\"";
    for death in [GETTER, jvm, handler] {
        let mut log = Live::new();
        log.at(2, &[TASKS, STARTING])
            .at(10, &[FINISHED, death])
            .at(20, &[FINISHED]);
        log.silent_until(21, 300);
        assert_eq!(log.kinds(), [(80, StuckKind::DriverThreadDied)], "{death}");
        let found = &log.found[0].1;
        assert_eq!(found.since, at(20));
        assert_eq!(found.diagnosis.remedies[0], Remedy::DriverMemory);
        assert!(
            found
                .diagnosis
                .cause
                .as_str()
                .contains("task-result-getter")
        );
    }
}

#[test]
fn a_driver_that_goes_on_is_no_hang() {
    let done = "INFO DAGScheduler: Job 0 finished: collect at job.py:3, took 9 s";
    let mut log = Live::new();
    log.at(2, &[TASKS, STARTING])
        .at(10, &[GETTER])
        .at(30, &[FINISHED, done]);
    log.silent_until(31, 900);
    assert_eq!(log.kinds(), []);
    // A thread of the program, while Spark has nothing to do.
    let own = "Exception in thread \"my-cache\" java.lang.OutOfMemoryError: Java heap space";
    let mut idle = Live::new();
    idle.at(2, &["INFO SparkContext: Running Spark version 3.5.9", own]);
    idle.silent_until(3, 900);
    assert_eq!(idle.kinds(), []);
    // An error of another kind, and one of a task.
    let other = "ERROR Utils: Uncaught exception in thread task-result-getter-1\n\
                 java.lang.IllegalStateException: x";
    let task = "WARN TaskSetManager: Lost task 0.0 in stage 0.0 (TID 0) (h executor 1): \
                java.lang.OutOfMemoryError: Java heap space";
    let mut log = Live::new();
    log.at(2, &[TASKS, STARTING, other, task])
        .silent_until(3, 900);
    assert_eq!(log.kinds(), []);
    // The application stops, and another one begins.
    let mut log = Live::new();
    log.at(
        2,
        &[
            TASKS,
            GETTER,
            "INFO SparkContext: SparkContext is stopping with exitCode 0.",
        ],
    );
    log.at(3, &[STARVED]).silent_until(4, 900);
    log.at(901, &["INFO SparkContext: Running Spark version 3.5.9"])
        .silent_until(902, 999);
    assert_eq!(log.kinds(), []);
}

#[test]
fn a_log_of_emr_is_judged_by_the_time_of_its_upload() {
    let mut watch = StuckWatch::new("steps/01-a/stderr".to_owned(), start(), LogTimes::Utc);
    let mut text = written("INFO SparkContext: Running Spark version 3.5.1", at(8));
    text.extend(written(TASKS, at(20)));
    text.extend(written(GETTER, at(100)));
    let lines = || text.iter().map(String::as_str);
    watch.read(lines(), at(130));
    assert_eq!(watch.stuck(Asked::default(), Surroundings::default()), []);
    assert_eq!(watch.lines(), 5);
    // The next upload has nothing new.
    watch.read([], at(430));
    let found = watch.stuck(Asked::default(), Surroundings::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].since, at(100));

    // The first upload that is read has it all.
    let mut watch = StuckWatch::new("steps/01-a/stderr".to_owned(), start(), LogTimes::Utc);
    watch.read(lines(), at(300));
    assert_eq!(
        watch.stuck(Asked::default(), Surroundings::default()).len(),
        1
    );
}

#[test]
fn logs_of_any_kind_are_read_without_a_panic() {
    let mut log = Live::new();
    for second in 1..200 {
        let time = at(second).format("%Y-%m-%dT%H:%M:%SZ");
        let odd = format!(
            "{{\"ts\":\"{time}\",\"level\":\"WARN\",\"msg\":\"Initial job has not accepted any \
             resources\",\"logger\":\"TaskSchedulerImpl\"}}"
        );
        let future = "9999-12-31 23:59:59 INFO A: b";
        log.at(
            second,
            &["", "\r\r", "99/99/99 99:99:99 INFO A: b", &odd, future],
        );
    }
    assert_eq!(log.kinds(), [(60, StuckKind::NoExecutors)]);
}
