//! The logs that a search reads, in order, and what it makes of them.

use super::*;
use chrono::TimeDelta;
use std::collections::BTreeSet;

const APP: &str = "containers/application_1700000000000_0001/container_1700000000000_0001_01_";

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

/// Reads logs as they are asked for, and returns the names in order and the evidence.
fn search(subject: Subject, logs: &[(&str, &str)]) -> (Vec<String>, Evidence) {
    let listed: Vec<&str> = logs.iter().map(|(name, _)| *name).collect();
    search_listed(subject, names(&listed), logs)
}

fn search_listed(
    subject: Subject,
    listed: impl Into<Listed>,
    logs: &[(&str, &str)],
) -> (Vec<String>, Evidence) {
    let mut search = Search::new(subject, listed);
    let mut order = Vec::new();
    while let Some(name) = search.next_log() {
        let (_, text) = logs.iter().find(|(it, _)| *it == name).unwrap();
        let section = Section {
            first_line: Some(1),
            text: (*text).to_owned(),
        };
        search.add(name.clone(), vec![section]);
        order.push(name);
    }
    (order, search.evidence(Vec::new()))
}

fn step(folder: &str) -> Subject {
    Subject::Step(folder.to_owned())
}

fn cut(folder: &str, at: Option<DateTime<Utc>>) -> Subject {
    let folder = folder.to_owned();
    Subject::CutStep { folder, at }
}

/// Logs by their names and the minutes after which each was last written.
fn written(logs: &[(&str, i64)]) -> Listed {
    let logs = logs.iter();
    logs.map(|(name, minutes)| ((*name).to_owned(), Some(minute(*minutes))))
        .collect()
}

fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn roles(evidence: &Evidence) -> Vec<(LogRole, &str)> {
    let of = |log: &'_ LogText| log.role;
    evidence
        .logs
        .iter()
        .map(|log| (of(log), log.name.as_str()))
        .collect()
}

const RUNNING: &str = "26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.1\n\
    26/01/02 03:04:06 INFO YarnClientImpl: Submitted application application_1700000000000_0001\n";

#[test]
fn a_step_in_client_mode_has_its_own_logs_only() {
    let logs = [
        ("steps/01-load/stderr", "other"),
        (
            "steps/02-two/controller",
            "INFO Step failed with exitCode 1 and took 9 seconds",
        ),
        ("steps/02-two/stderr", RUNNING),
        ("steps/02-two/stdout", "KeyError: 'x'"),
        (&format!("{APP}000001/stderr"), ""),
        (&format!("{APP}000002/stderr"), ""),
    ];
    let (order, evidence) = search(step("02-two"), &logs);
    let expected = ["stderr", "stdout", "controller"].map(|name| format!("steps/02-two/{name}"));
    assert_eq!(order, expected);
    assert_eq!(evidence.exit, Some(1));
    let expected = [
        LogRole::DriverLog,
        LogRole::DriverOutput,
        LogRole::Controller,
    ];
    assert!(evidence.logs.iter().map(|log| log.role).eq(expected));
}

#[test]
fn the_containers_of_lost_executors_are_read_the_first_lost_first() {
    let lost = |number: u32, container: u32| {
        format!(
            "26/01/02 03:05:05 ERROR YarnScheduler: Lost executor {number} on ip-10-0-0-1: Container \
             from a bad node: container_1700000000000_0001_01_00000{container} on host: ip-10-0-0-1. \
             Exit status: 137.\n"
        )
    };
    let all: String = [(3, 4), (1, 2), (2, 3), (5, 6), (6, 7)]
        .map(|(number, container)| lost(number, container))
        .concat();
    let stderr = format!(
        "{RUNNING}26/01/02 03:04:07 INFO Y: container_1700000000000_0001_01_000009 is there\n{all}"
    );
    let container = |n: u32| format!("{APP}00000{n}/stderr");
    let listed: Vec<String> = (1..=9).map(container).collect();
    let mut logs: Vec<(&str, &str)> = listed.iter().map(|name| (name.as_str(), "")).collect();
    logs.push(("steps/01-a/stderr", &stderr));
    let (order, evidence) = search(step("01-a"), &logs);
    let expected = [4, 2, 3, 6].map(container);
    assert_eq!(order[1..], expected);
    let executors = roles(&evidence);
    assert_eq!(executors[1], (LogRole::Executor, expected[0].as_str()));
}

#[test]
fn in_cluster_mode_the_driver_is_the_first_container_of_each_attempt() {
    let stderr = "26/01/02 03:04:06 INFO Client: Application report for \
                  application_1700000000000_0001 (state: ACCEPTED)\n\
                  Exception in thread \"main\" org.apache.spark.SparkException: Application \
                  application_1700000000000_0001 finished with failed status\n";
    let second = APP.replace("_01_", "_02_");
    let out = format!("{APP}000001/stdout");
    let logs = [
        ("steps/01-a/stderr", stderr),
        (out.as_str(), "Traceback"),
        (&format!("{APP}000001/stderr"), ""),
        (&format!("{second}000001/stderr"), ""),
        (
            &format!("{APP}000001/launch_container.sh"),
            "export PASSWORD",
        ),
        (&format!("{APP}000002/stderr"), ""),
    ];
    let (order, evidence) = search(step("01-a"), &logs);
    assert_eq!(order.len(), 4, "{order:?}");
    assert!(roles(&evidence).contains(&(LogRole::DriverOutput, out.as_str())));
}

#[test]
fn an_executor_without_a_container_is_found_by_the_application_masters_log() {
    let stderr = format!(
        "{RUNNING}26/01/02 03:05:05 ERROR YarnScheduler: Lost executor 1 on ip-10-0-0-1: Executor \
         heartbeat timed out after 124251 ms\n"
    );
    let launch = "26/01/02 03:04:30 INFO YarnAllocator: Launching container \
                  container_1700000000000_0001_01_000003 on host ip-10-0-0-1 for executor with ID 1 \
                  for ResourceProfile Id 0\n";
    let master = format!("{APP}000001/stderr");
    let lost = format!("{APP}000003/stderr");
    let logs = [
        ("steps/01-a/stderr", stderr.as_str()),
        (&master, launch),
        (&lost, "java.lang.OutOfMemoryError: Java heap space"),
        (&format!("{APP}000002/stderr"), ""),
    ];
    let (order, evidence) = search(step("01-a"), &logs);
    assert_eq!(order, ["steps/01-a/stderr", &master, &lost]);
    // It only led to the container.
    assert_eq!(evidence.logs.len(), 2);
}

#[test]
fn on_this_machine_executors_have_folders_by_their_numbers() {
    let stderr = "26/01/02 03:04:06 INFO SparkContext: Running Spark version 3.5.9\n\
                  26/01/02 03:04:06 INFO StandaloneSchedulerBackend: Connected to Spark cluster with \
                  app ID app-20260102030406-0001\n\
                  26/01/02 03:05:05 ERROR TaskSchedulerImpl: Lost executor 0 on 127.0.0.1: Command \
                  exited with code 52\n";
    let of = |app: u32, executor: u32| {
        format!("executors/node-1/app-20260102030406-000{app}/{executor}/")
    };
    let [other, lost, alive] =
        [(0, 0), (1, 0), (1, 1)].map(|(app, it)| format!("{}stderr", of(app, it)));
    let logs = [
        ("steps/02-b/stderr", stderr),
        (&other, ""),
        (&lost, ""),
        (&alive, ""),
    ];
    let (order, _) = search(step("02-b"), &logs);
    assert_eq!(order, ["steps/02-b/stderr", &lost]);
}

#[test]
fn a_failed_start_leads_to_the_instance_and_the_action_that_emr_names() {
    let message = "On 2 core instances (including i-0abc and i-0def), bootstrap action 2 returned a \
                   non-zero return code";
    let logs = [
        ("node/i-0abc/bootstrap-actions/1/stderr", ""),
        ("node/i-0abc/bootstrap-actions/2/controller", ""),
        ("node/i-0abc/bootstrap-actions/2/stderr", "pip"),
        ("node/i-0abc/daemons/instance-state/x.log", ""),
        ("node/i-0def/bootstrap-actions/2/stderr", ""),
        ("node/i-0fff/bootstrap-actions/2/stderr", ""),
    ];
    let (order, evidence) = search(Subject::Start(message.to_owned()), &logs);
    assert_eq!(order.len(), 3, "{order:?}");
    assert_eq!(order[0], "node/i-0abc/bootstrap-actions/2/stderr");
    assert!(
        evidence
            .logs
            .iter()
            .all(|log| log.role == LogRole::Bootstrap)
    );
}

#[test]
fn the_managers_of_some_nodes_are_read_if_the_cluster_failed_while_the_step_ran() {
    let of = |node: u32, file: &str| format!("node/i-0a{node}/applications/hadoop-yarn/{file}");
    let manager = |node: u32, suffix: &str| {
        let file = format!("hadoop-yarn-nodemanager-ip-10-0-0-{node}{suffix}");
        of(node, &file)
    };
    let mut all = vec!["steps/01-a/stderr".to_owned()];
    for node in 1..=6 {
        let suffixes = [".log", ".log.2026-11-21-04", ".out"];
        all.extend(suffixes.map(|suffix| manager(node, suffix)));
    }
    // One whose current log was not uploaded.
    all.retain(|name| *name != manager(2, ".log"));
    all.push(manager(2, ".log.2026-11-21-05"));
    all.push(of(1, "hadoop-yarn-proxyserver-ip-10-0-0-1.log"));
    let logs: Vec<(&str, &str)> = all.iter().map(|name| (name.as_str(), "")).collect();
    let (order, evidence) = search(cut("01-a", None), &logs);
    let read = [
        all[0].clone(),
        manager(1, ".log"),
        manager(2, ".log.2026-11-21-05"),
        manager(3, ".log"),
        manager(4, ".log"),
    ];
    assert_eq!(order, read);
    assert!(
        evidence.logs[1..]
            .iter()
            .all(|log| log.role == LogRole::Node)
    );
    let (order, _) = search(step("01-a"), &logs);
    assert_eq!(order, all[..1], "a step that failed by itself");
}

#[test]
fn the_nodes_that_were_there_last_are_read() {
    let manager = |node: &str| {
        format!("node/i-0{node}/applications/hadoop-yarn/hadoop-yarn-nodemanager-ip-{node}.log")
    };
    // The first three were replaced hours before the end.
    let nodes = ["a", "b", "c", "d", "e", "f", "g"].map(manager);
    let times = [10, 20, 30, 541, 541, 542, 541];
    let listed: Vec<(&str, i64)> = nodes.iter().map(String::as_str).zip(times).collect();
    let logs: Vec<(&str, &str)> = nodes.iter().map(|name| (name.as_str(), "")).collect();
    let (order, evidence) = search_listed(cut("01-a", Some(minute(540))), written(&listed), &logs);
    let newest = [5, 3, 4, 6].map(|index| nodes[index].clone());
    assert_eq!(order, newest);
    assert_eq!(evidence.cut_at, Some(minute(540)));
}

#[test]
fn logs_from_before_the_end_of_a_cluster_do_not_explain_a_step_that_it_cut_off() {
    const MANAGER: &str = "node/i-0a/applications/hadoop-yarn/hadoop-yarn-nodemanager-ip-1.log";
    let [stderr, stdout] = ["steps/01-a/stderr", "steps/01-a/stdout"];
    let earlier = written(&[(stderr, 55), (stdout, 5), (MANAGER, 55)]);
    let mut search = Search::new(cut("01-a", Some(minute(57))), earlier.clone());
    assert!(!search.has_begun() && !search.is_complete());
    // Without a time of its end, nothing tells them apart.
    let unknown = Search::new(cut("01-a", None), earlier);
    assert!(unknown.has_begun() && unknown.is_complete());

    // The primary uploads first, then the nodes that still run.
    search.relist(written(&[(stderr, 58), (stdout, 5), (MANAGER, 55)]));
    assert!(search.has_begun() && !search.is_complete());
    while let Some(name) = search.next_log() {
        search.add(name, Vec::new());
    }
    search.relist(written(&[(stderr, 58), (stdout, 5), (MANAGER, 59)]));
    assert!(search.is_complete());
    // What was read of it was old.
    let mut wanted = Vec::new();
    while let Some(name) = search.next_log() {
        wanted.push(name.clone());
        search.add(name, Vec::new());
    }
    assert!(wanted.contains(&MANAGER.to_owned()), "{wanted:?}");
    search.relist(written(&[(stderr, 58), (stdout, 5), (MANAGER, 59)]));
    assert_eq!(search.next_log(), None);
}

#[test]
fn a_search_waits_for_what_it_knows_to_be_missing() {
    let listed = ["steps/01-a/controller"];
    let mut search = Search::new(step("01-a"), names(&listed));
    assert!(!search.has_begun());
    search.relist(names(&["steps/01-a/stderr.log", "steps/01-a/stdout"]));
    assert!(search.has_begun() && search.is_complete());
    let line = "Lost executor 1: container_1_0001_01_000002 exited with 137";
    let section = Section {
        first_line: None,
        text: line.to_owned(),
    };
    search.add("steps/01-a/stderr.log".to_owned(), vec![section]);
    assert!(!search.is_complete());
    let log = "containers/application_1_0001/container_1_0001_01_000002/stdout";
    search.relist(names(&["steps/01-a/stdout", log]));
    assert!(search.is_complete());
    assert_eq!(search.next_log().as_deref(), Some("steps/01-a/stdout"));
}

#[test]
fn logs_of_a_step_that_still_ran_are_read_again() {
    let listed = ["steps/01-a/controller", "steps/01-a/stderr"];
    let mut search = Search::new(step("01-a"), names(&listed));
    let add = |search: &mut Search, text: &str| {
        let section = Section {
            first_line: Some(1),
            text: text.to_owned(),
        };
        search.add(listed[0].to_owned(), vec![section]);
    };
    assert!(!search.is_stale());
    add(
        &mut search,
        "INFO startExec 'hadoop jar command-runner.jar'",
    );
    assert!(search.is_stale());
    search.forget();
    assert_eq!(search.next_log().as_deref(), Some(listed[1]));
    add(
        &mut search,
        "WARN Step failed with exitCode 1 and took 2 seconds",
    );
    assert!(!search.is_stale());
}

#[test]
fn a_log_that_names_any_number_of_containers_is_read_in_time_and_bounded() {
    let line = |n: u32| format!("Lost executor {n}: container_1_0001_01_{n:06} Exit status: 1\n");
    let stderr: String = (0..50_000).map(line).collect();
    let logs = [("steps/01-a/stderr", stderr.as_str())];
    let (order, _) = search(step("01-a"), &logs);
    assert_eq!(order.len(), 1);
}
