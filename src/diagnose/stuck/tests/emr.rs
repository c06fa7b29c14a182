//! Logs of drivers on YARN, with the reports on the application that its client writes.

use super::{ACCEPTED, FINISHED, GETTER, Live, STARTING, TASKS};
use crate::model::diagnosis::Confidence;
use crate::model::stuck::StuckKind;

const SPARK: &str = "INFO SparkContext: Running Spark version 3.5.1";
const SUBMITTING: &str =
    "INFO Client: Submitting application application_1700000000000_0001 to ResourceManager";
const STARVED: &str = "WARN YarnScheduler: Initial job has not accepted any resources; check it";

/// The lines of a report after a change of the application's state.
fn details(state: &str, status: &str) -> String {
    let report = ACCEPTED.replace("ACCEPTED", state);
    format!(
        "{report}\nINFO Client: \n\
         \t client token: N/A\n\
         \t diagnostics: [Sat Nov 21 04:31:24 +0000 2026] Application is added to the \
         scheduler and is not yet activated.\n\
         \t ApplicationMaster host: N/A\n\
         \t ApplicationMaster RPC port: -1\n\
         \t queue: default\n\
         \t start time: 1795235484000\n\
         \t final status: {status}\n\
         \t tracking URL: http://ip-10-0-0-1.ec2.internal:20888/proxy/application_1_0001/\n\
         \t user: hadoop"
    )
}

/// A log in which a report was made, whose header stands in a line of its own.
fn reported(log: &mut Live, second: i64, state: &str, status: &str) {
    let text = details(state, status);
    let (report, block) = text.split_once('\n').unwrap();
    log.at(second, &[report, block]);
}

fn client_mode() -> Live {
    let mut log = Live::new();
    log.at(2, &[SPARK]).at(5, &[SUBMITTING]);
    reported(&mut log, 6, "ACCEPTED", "UNDEFINED");
    log.at(7, &[ACCEPTED]);
    reported(&mut log, 12, "RUNNING", "UNDEFINED");
    log
}

#[test]
fn a_job_without_executors_is_reported_after_reports_of_its_state() {
    let mut log = client_mode();
    log.at(20, &[TASKS]);
    for second in (35..=120).step_by(15) {
        log.at(second, &[STARVED]);
    }
    assert_eq!(log.kinds(), [(80, StuckKind::NoExecutors)]);
    assert_eq!(log.found[0].1.diagnosis.confidence, Confidence::Likely);
}

#[test]
fn a_thread_that_died_is_reported_after_reports_of_the_state() {
    let mut log = client_mode();
    log.at(20, &[TASKS, STARTING]).at(30, &[FINISHED, GETTER]);
    log.silent_until(31, 300);
    assert_eq!(log.kinds(), [(90, StuckKind::DriverThreadDied)]);
    assert_eq!(log.found[0].1.diagnosis.confidence, Confidence::Likely);
}

#[test]
fn an_application_that_ended_waits_for_nothing() {
    for status in ["SUCCEEDED", "FAILED", "KILLED"] {
        let mut log = client_mode();
        log.at(20, &[TASKS, STARTING, GETTER]);
        reported(&mut log, 40, "FINISHED", status);
        log.silent_until(41, 300);
        assert_eq!(log.kinds(), [], "{status}");
    }
}

#[test]
fn a_driver_on_another_node_is_watched_until_yarn_admits_it() {
    let mut log = Live::new();
    log.at(2, &[SUBMITTING]);
    reported(&mut log, 3, "ACCEPTED", "UNDEFINED");
    for second in 4..100 {
        log.at(second, &[ACCEPTED]);
    }
    assert_eq!(log.kinds(), [(63, StuckKind::MasterNotAdmitted)]);
    // A step may submit one application after another.
    let mut second = Live::new();
    second.at(2, &[SUBMITTING]);
    reported(&mut second, 3, "ACCEPTED", "UNDEFINED");
    reported(&mut second, 9, "RUNNING", "UNDEFINED");
    reported(&mut second, 50, "FINISHED", "SUCCEEDED");
    second.at(55, &[SUBMITTING]);
    for at in 56..200 {
        second.at(at, &[ACCEPTED]);
    }
    assert_eq!(second.kinds(), [(115, StuckKind::MasterNotAdmitted)]);
}

#[test]
fn what_the_program_writes_is_no_word_of_spark() {
    let printed = [
        "Initial job has not accepted any resources",
        "INFO com.example.Poll: job x (state: ACCEPTED)",
        "\t final status: FAILED",
        "(state: ACCEPTED)",
        "Lost executor 3 on a trip",
    ];
    let mut log = client_mode();
    for second in 20..200 {
        log.at(second, &printed);
    }
    assert_eq!(log.kinds(), []);
    // It neither ends a wait of Spark nor the application.
    let mut log = client_mode();
    log.at(20, &[TASKS]);
    for second in (35..=120).step_by(15) {
        log.at(
            second,
            &[STARVED, "INFO root: Starting task 3 in stage 1.0"],
        )
        .at(second + 1, &["INFO root: SparkContext is stopping"]);
    }
    assert_eq!(log.kinds(), [(80, StuckKind::NoExecutors)]);
}
