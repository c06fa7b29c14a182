//! What the summaries of the recorded runs say, and do not say.

use crate::recorded::{ALL, application, changed};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::model::desired::{ClusterSpec, InstanceGroups};
use clusterup::model::instance::Nodes;
use clusterup::model::observed::{Cluster, Step, StepState};
use clusterup::model::skew::{Excess, TaskSkew};
use clusterup::model::stack::{Guardrails, InstanceGroup, Market};
use clusterup::summary::{Application, Remark, Run};
use serde_json::json;

fn created() -> DateTime<Utc> {
    "2026-11-30T06:50:00Z".parse().unwrap()
}

/// One primary and some core nodes, ready after five minutes.
fn cluster(core: u16) -> Cluster {
    let one = || "m5.xlarge".parse().unwrap();
    let nodes = Nodes {
        count: core,
        instance_type: one(),
    };
    let groups = InstanceGroups {
        core: Some(InstanceGroup::of_type(nodes, Market::OnDemand, None)),
        ..InstanceGroups::single(one())
    };
    let spec = json!({
        "release": "emr-7.x", "label": "emr-7.12.0", "team": null, "size": "s", "groups": groups,
        "workers": core, "worker": { "memory": "12g", "cores": 4 },
        "key_pair": null, "security_groups": [], "python_packages": [],
        "guardrails": Guardrails::default(),
        "rates": "primary=0.192+0.048+0.01+0.005 core=0.192+0.048+0.01+0.005",
        "ending": "20m",
    });
    let spec: ClusterSpec = serde_json::from_value(spec).unwrap();
    let (id, stack) = ("j-1".parse().unwrap(), "t".parse().unwrap());
    Cluster {
        ready_at: Some(created() + TimeDelta::minutes(5)),
        ended_at: Some(created() + TimeDelta::minutes(15)),
        steps: vec![Step {
            name: "one".parse().unwrap(),
            job: "00112233aabbccdd".parse().unwrap(),
            run: 1,
            state: StepState::Completed,
            started_at: Some(created() + TimeDelta::minutes(6)),
            ended_at: Some(created() + TimeDelta::minutes(10)),
            ui: None,
            failure: None,
            diagnosis: None,
            stuck: Vec::new(),
            may_fail: false,
            attempt: None,
        }],
        ..Cluster::new(id, stack, spec, created())
    }
}

fn run_on(cluster: &Cluster, applications: Vec<Application>) -> Run {
    Run::of(cluster, &cluster.steps[0], applications, true, created())
}

/// The kinds of a run's remarks.
fn kinds(run: &Run) -> Vec<String> {
    let kind = |remark: &Remark| json!(remark)["kind"].as_str().unwrap().to_owned();
    run.remarks().iter().map(kind).collect()
}

#[test]
fn each_log_shows_what_it_was_made_for_and_nothing_else() {
    let made_for = [
        ("skew", vec!["skew", "cheaper"]),
        ("idle", vec!["idle_executors", "cheaper"]),
        ("spill", vec!["spilled"]),
        ("master", vec!["local_master"]),
    ];
    assert_eq!(made_for.clone().map(|(name, _)| name), ALL);
    // Each run has these.
    let plain = ["cluster", "executors", "memory", "longest", "data"];
    for (name, wanted) in made_for {
        let run = run_on(&cluster(2), vec![application(name)]);
        let said = kinds(&run);
        let judged: Vec<&String> = (said.iter())
            .filter(|kind| !plain.contains(&kind.as_str()))
            .collect();
        assert_eq!(judged, wanted, "{name}");
        assert!(said.len() < 15);
    }
}

#[test]
fn workers_that_had_nothing_to_do_are_priced() {
    let run = run_on(&cluster(2), vec![application("master")]);
    // Two nodes for four minutes at $0.255 an hour.
    assert_eq!(run.workers_cost.unwrap().to_string(), "$0.034");
    assert_eq!(run.cost.unwrap().to_string(), "$0.19125");
    let remarks = run.remarks();
    let local =
        |remark: &&Remark| matches!(remark, Remark::LocalMaster(local) if local.workers == 2);
    assert!(remarks.iter().any(|remark| local(&remark)), "{remarks:?}");
}

#[test]
fn times_of_a_cluster_add_up() {
    let mut cluster = cluster(2);
    let mut second = cluster.steps[0].clone();
    // It runs beside the first for a minute.
    second.started_at = Some(created() + TimeDelta::minutes(9));
    second.ended_at = Some(created() + TimeDelta::minutes(12));
    cluster.steps.push(second);
    let times = run_on(&cluster, Vec::new()).times;
    assert_eq!((times.starting, times.working, times.idle), (300, 360, 240));
    cluster.ready_at = None;
    cluster.ended_at = Some(created() + TimeDelta::minutes(2));
    let times = run_on(&cluster, Vec::new()).times;
    assert_eq!((times.starting, times.working, times.idle), (120, 0, 0));
}

#[test]
fn a_smaller_cluster_is_named_only_if_it_would_do() {
    let app = application("idle");
    let cheaper = |cluster: &Cluster, app: &Application| run_on(cluster, vec![app.clone()]).cheaper;
    let found = cheaper(&cluster(3), &app).unwrap();
    assert_eq!((found.core_nodes, found.instead_of), (1, 3));
    assert_eq!(found.longer_ms, 473, "two tasks take turns in one slot");
    // A primary and one core node for a quarter of an hour and a second.
    assert_eq!(found.cost.up_to(4).to_string(), "$0.1277");
    assert_eq!(cheaper(&cluster(1), &app), None);
    // With many even tasks, each node is needed.
    let mut busy = app.clone();
    busy.stages[0].run_ms.sum = busy.stages[0].run_ms.max * 3;
    assert_eq!(cheaper(&cluster(3), &busy), None);
    let mut failed = cluster(3);
    failed.steps[0].state = StepState::Failed;
    assert_eq!(cheaper(&failed, &app), None);
    let spilled = application("spill");
    assert_eq!(cheaper(&cluster(3), &spilled), None);
}

/// The run with the skewed key, if its long task had failed in this way, and with it the stage.
fn failed(reason: &str, change: impl Fn(String) -> String) -> Application {
    changed("skew", |line| {
        if line.contains(r#""Executor Run Time":71901"#) {
            return change(line.replace(r#""Reason":"Success""#, reason));
        }
        let is_end = line.contains("SparkListenerStageCompleted");
        if is_end && line.contains(r#""Stage ID":1,"#) {
            let failed = r#""Stage Info":{"Failure Reason":"aborted","#;
            return line.replace(r#""Stage Info":{"#, failed);
        }
        line
    })
}

/// A task that read so much of a shuffle.
fn read_of(line: &str, bytes: u64) -> String {
    let remote = r#""Remote Bytes Read":0,"None":"#;
    let local = format!(r#""Local Bytes Read":{bytes},"None":"#);
    line.replace(r#""Remote Bytes Read":"#, remote)
        .replace(r#""Local Bytes Read":"#, &local)
}

#[test]
fn a_failed_task_is_skewed_only_by_what_it_read() {
    let thrown = r#""Reason":"ExceptionFailure""#;
    let read = TaskSkew {
        stage: 1,
        of: Excess::Shuffled,
        task: 3_176_434,
        median: 47_985,
    };
    assert_eq!(failed(thrown, |line| line).failed_skew(), Some(read));
    // Spark has no metrics of a task whose executor is lost, and its time alone can be the node's.
    let lost = r#""Reason":"ExecutorLostFailure""#;
    let unmeasured = |line: String| line.replace(r#""Task Metrics":"#, r#""None":"#);
    let lost = failed(lost, unmeasured);
    assert!(lost.stages.last().unwrap().failed_task.unwrap().ran_ms > 71_900);
    assert_eq!(lost.failed_skew(), None);
    // One that read the same as the others, or that failed for the data of another.
    let like_others = |line: String| read_of(&line, 48_000);
    assert_eq!(failed(thrown, like_others).failed_skew(), None);
    let fetching = r#""Reason":"FetchFailed""#;
    assert_eq!(failed(fetching, |line| line).failed_skew(), None);
    for name in ALL {
        assert_eq!(application(name).failed_skew(), None, "nothing failed");
    }
}

#[test]
fn a_failed_task_that_is_cut_short_is_skewed_if_it_read_more_than_a_partition() {
    let of = |bytes: u64, tasks: usize| {
        let mut app = failed(r#""Reason":"ExceptionFailure""#, |line| {
            read_of(&line, bytes)
        });
        let failed = app.stages.last_mut().unwrap();
        let task = failed.failed_task.as_mut().unwrap();
        task.ran_ms = 2_000;
        task.compared = tasks as u64;
        app.failed_skew().map(|skew| skew.task)
    };
    assert_eq!(of(64 << 20, 7), Some(64 << 20));
    assert_eq!(of(63 << 20, 7), None);
    assert_eq!(of(64 << 20, 2), None, "no median");
}

#[test]
fn no_figure_of_a_hostile_log_overflows() {
    let figures = [
        ("Executor Run Time", "18446744073709551615"),
        ("JVM GC Time", "18446744073709551615"),
        ("Disk Bytes Spilled", "18446744073709551615"),
        ("Remote Bytes Read", "18446744073709551615"),
        ("Local Bytes Read", "18446744073709551615"),
        ("Shuffle Bytes Written", "18446744073709551615"),
        ("Bytes Read", "18446744073709551615"),
        ("Bytes Written", "18446744073709551615"),
        ("Total Cores", "4294967295"),
        ("Launch Time", "-9223372036854775808"),
        ("Submission Time", "-9223372036854775808"),
        ("Completion Time", "9223372036854775807"),
        ("Finish Time", "9223372036854775807"),
    ];
    for timestamp in [
        None,
        Some("-9223372036854775808"),
        Some("9223372036854775807"),
    ] {
        let app = changed("skew", |mut line| {
            for (key, value) in figures {
                let key = format!("\"{key}\":");
                line = line.replace(&key, &format!("{key}{value},\"None\":"));
            }
            if let Some(at) = timestamp.filter(|_| !line.contains("LogStart")) {
                line = line.replace("\"Timestamp\":", &format!("\"Timestamp\":{at},\"None\":"));
            }
            line
        });
        assert_eq!(app.broken_lines, 0);
        assert_eq!(app.stages[0].run_ms.sum, u64::MAX);
        let run = run_on(&cluster(2), vec![app]);
        assert!(!run.remarks().is_empty());
    }
}

#[test]
fn a_step_with_several_applications_shows_the_longest() {
    let all = ALL.map(application).to_vec();
    let run = run_on(&cluster(2), all);
    assert_eq!(run.applications, 4);
    let wall = run.application.unwrap().wall_ms();
    assert_eq!(
        wall,
        ALL.map(application)
            .iter()
            .map(Application::wall_ms)
            .max()
            .unwrap()
    );
}

#[test]
fn a_run_is_read_back_from_its_json() {
    for name in ALL {
        let run = run_on(&cluster(2), vec![application(name)]);
        let text = serde_json::to_string(&run).unwrap();
        let back: Run = serde_json::from_str(&text).unwrap();
        assert_eq!(back, run);
        assert_eq!(back.remarks(), run.remarks());
        assert!(text.len() < 20_000, "{name}: {}", text.len());
    }
}
