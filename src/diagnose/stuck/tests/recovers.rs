//! Jobs that lose executors or threads, and go on.

use super::{FINISHED, Live, REGISTERED, STARTING, TASKS};
use crate::diagnose::Asked;
use crate::model::diagnosis::Confidence;
use crate::model::stuck::{Stuck, StuckKind};

fn registered(log: &mut Live, second: i64, executors: std::ops::Range<u32>) {
    for executor in executors {
        log.at(
            second,
            &[&format!("{REGISTERED} {executor},  ResourceProfileId 0")],
        );
    }
}

/// An executor is lost, as on a Spot instance that EC2 takes back.
fn lost(log: &mut Live, second: i64, executor: u32) {
    let lost =
        format!("ERROR YarnScheduler: Lost executor {executor} on ip-10-0-0-7: Executor is lost");
    let removed = format!("INFO BlockManagerMaster: Removal of executor {executor} requested");
    log.at(second, &[&lost, &removed]);
}

#[test]
fn a_job_with_long_tasks_survives_the_loss_of_some_executors() {
    for apart in [20, 1_500] {
        let mut log = Live::new();
        registered(&mut log, 2, 0..20);
        log.at(5, &[TASKS, STARTING]);
        for number in 0..6 {
            lost(
                &mut log,
                600 + i64::from(number) * apart,
                u32::try_from(number).unwrap(),
            );
        }
        log.silent_until(600 + 6 * apart, 600 + 6 * apart + 900);
        assert_eq!(log.kinds(), [], "{apart} seconds apart");
    }
}

#[test]
fn executors_that_die_far_apart_or_without_tasks_are_no_hang() {
    // Nobody survives, since each replaces the one before.
    let each = |apart: i64, begin: &[&str]| {
        let mut log = Live::new();
        log.at(1, begin);
        for number in 0..8_u32 {
            let second = 10 + i64::from(number) * apart;
            registered(&mut log, second, number..number + 1);
            registered(&mut log, second + apart / 2, 100 + number..101 + number);
            lost(&mut log, second + apart / 2 + 1, number);
            let removed = format!(
                "INFO YarnScheduler: Executor {} on ip-10-0-0-7 killed by driver.",
                100 + number
            );
            log.at(second + apart - 1, &[&removed]);
        }
        log.kinds()
    };
    assert_eq!(each(1_200, &[TASKS]), []);
    assert_eq!(
        each(20, &["INFO SparkContext: Running Spark version 3.5.1"]),
        []
    );
    let found = each(20, &[TASKS]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1, StuckKind::ExecutorsDie);
}

#[test]
fn the_loss_of_idle_executors_is_no_hang_until_tasks_wait() {
    let mut log = Live::new();
    registered(&mut log, 2, 0..1);
    lost(&mut log, 10, 0);
    log.at(900, &[TASKS]).silent_until(901, 930);
    assert_eq!(log.kinds(), []);
    log.silent_until(931, 990);
    assert_eq!(log.kinds(), [(960, StuckKind::ExecutorsLost)]);
}

#[test]
fn a_task_shows_that_there_is_an_executor() {
    for task in [STARTING, FINISHED] {
        let mut log = Live::new();
        registered(&mut log, 2, 0..1);
        log.at(3, &[TASKS]);
        lost(&mut log, 10, 0);
        log.at(20, &[task]).silent_until(21, 900);
        assert_eq!(log.kinds(), []);
    }
}

#[test]
fn where_nodes_are_replaced_the_loss_of_all_executors_is_a_guess() {
    let mut log = Live::new();
    log.around.may_get_room = true;
    registered(&mut log, 2, 0..1);
    log.at(3, &[TASKS]);
    lost(&mut log, 10, 0);
    log.silent_until(11, 100);
    assert_eq!(log.kinds(), [(70, StuckKind::ExecutorsLost)]);
    assert_eq!(log.found[0].1.diagnosis.confidence, Confidence::Low);
}

#[test]
fn lines_that_are_missing_may_have_other_executors() {
    let mut log = Live::new();
    registered(&mut log, 2, 0..1);
    log.at(3, &[TASKS]);
    lost(&mut log, 10, 0);
    log.watch.skip(1_000);
    log.silent_until(11, 900);
    assert_eq!(log.kinds(), []);
    // An executor that is known is not the only one, perhaps.
    registered(&mut log, 901, 7..8);
    log.at(902, &[TASKS]);
    lost(&mut log, 910, 7);
    log.silent_until(911, 1_000);
    assert_eq!(log.kinds(), [(970, StuckKind::ExecutorsLost)]);
    assert_eq!(log.found[0].1.diagnosis.confidence, Confidence::Low);
}

#[test]
fn the_death_of_a_thread_that_spark_does_not_need_is_a_guess() {
    let memory = "java.lang.OutOfMemoryError: Java heap space";
    let found = |thread: &str, before: &[&str]| {
        let mut log = Live::new();
        let death = format!("Exception in thread \"{thread}\" {memory}");
        log.at(2, before).at(10, &[&death]).silent_until(11, 600);
        let found = log.found.into_iter();
        let found: Vec<_> = found
            .map(|(second, stuck)| (second, stuck.diagnosis.confidence))
            .collect();
        found
    };
    let works = [TASKS, STARTING];
    for thread in ["task-result-getter-0", "dag-scheduler-event-loop"] {
        assert_eq!(
            found(thread, &works),
            [(70, Confidence::Likely)],
            "{thread}"
        );
        // Where only warnings are logged, nobody knows whether tasks end.
        assert_eq!(found(thread, &[]), [(70, Confidence::Low)], "{thread}");
    }
    for thread in ["SparkUI-47", "dispatcher-event-loop-3", "my-cache", "main"] {
        assert_eq!(found(thread, &works), [(70, Confidence::Low)], "{thread}");
        assert_eq!(found(thread, &[]), [], "{thread}");
    }
}

#[test]
fn each_wait_is_reported_and_a_guess_again_once_it_is_likely() {
    let starved = "WARN YarnScheduler: Initial job has not accepted any resources; check it";
    let mut log = Live::new();
    log.around.may_get_room = true;
    let wait = |log: &mut Live, from: i64| {
        for second in (from..=from + 300).step_by(15) {
            log.at(second, &[starved]);
        }
    };
    wait(&mut log, 20);
    log.around.may_get_room = false;
    log.at(325, &[starved]);
    log.at(330, &[STARTING]);
    wait(&mut log, 500);
    let found = log.found.iter();
    let found: Vec<_> = found
        .map(|(second, stuck)| (*second, stuck.diagnosis.confidence))
        .collect();
    let expected = [
        (65, Confidence::Low),
        (325, Confidence::Likely),
        (545, Confidence::Likely),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_recorded_of_a_step_is_withdrawn_once_its_work_goes_on() {
    let mut log = Live::new();
    let mut known = Vec::new();
    let mut record = |log: &Live| {
        Stuck::update(&mut known, log.watch.stuck(Asked::default(), log.around));
        known.iter().map(|stuck| stuck.since).collect::<Vec<_>>()
    };
    registered(&mut log, 2, 0..1);
    log.at(3, &[TASKS]);
    lost(&mut log, 10, 0);
    log.silent_until(11, 80);
    let first = record(&log);
    assert_eq!(first, [super::at(10)]);
    log.silent_until(81, 100);
    assert_eq!(record(&log), first);
    registered(&mut log, 101, 1..2);
    assert_eq!(record(&log).len(), 0);
}
