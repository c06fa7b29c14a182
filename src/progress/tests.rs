//! Estimates, on runs that are made up and on two that were recorded.

use super::{Earlier, Tracker};
use crate::model::desired::{ClusterSpec, InstanceGroups, Worker};
use crate::model::event::SparkProgress;
use crate::model::job_now::{Basis, TimeLeft};
use crate::model::memory::Memory;
use crate::model::name::JobHash;
use crate::model::observed::{Cluster, ClusterState, Step, StepState};
use crate::model::pace::{PaceMark, StepPace};
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at(ms: u64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-21T04:00:00Z".parse().unwrap();
    start + TimeDelta::milliseconds(i64::try_from(ms).unwrap())
}

fn job(letter: &str) -> JobHash {
    letter.repeat(16).parse().unwrap()
}

fn step(name: &str, state: StepState, from: Option<u64>, until: Option<u64>) -> Step {
    serde_json::from_value(serde_json::json!({
        "name": name, "job": job("a"), "run": 1, "state": state,
        "started_at": from.map(at), "ended_at": until.map(at), "ui": null, "failure": null,
    }))
    .unwrap()
}

/// A cluster that was created at 0 s.
fn cluster(steps: Vec<Step>) -> Cluster {
    let mut cluster = Cluster::new("j-1".parse().unwrap(), "t".parse().unwrap(), spec(), at(0));
    cluster.state = ClusterState::Running;
    cluster.ready_at = Some(at(0));
    cluster.steps = steps;
    cluster
}

fn spec() -> ClusterSpec {
    ClusterSpec {
        release: "emr-7.x".parse().unwrap(),
        label: None,
        team: None,
        tags: BTreeMap::new(),
        groups: InstanceGroups::single("m5.xlarge".parse().unwrap()),
        size: "1 x m5.xlarge".to_owned(),
        workers: 1,
        worker: Worker {
            memory: Memory::from_mib(1_024),
            cores: 1,
        },
        key_pair: None,
        security_groups: Vec::new(),
        network: Default::default(),
        emr: Default::default(),
        bootstrap: Vec::new(),
        step_concurrency: 1,
        termination_protection: false,
        python_packages: Vec::new(),
        guardrails: Guardrails::default(),
        rates: None,
        ending: Span::from_secs(30),
        overridden: None,
        budgets: Vec::new(),
    }
}

fn pace(took_ms: u64, marks: &[(u64, u64)]) -> StepPace {
    let mark = |&(at_ms, done): &(u64, u64)| PaceMark { at_ms, done };
    StepPace {
        job: job("a"),
        took_ms,
        marks: marks.iter().map(mark).collect(),
    }
}

fn after(paces: &[(&str, StepPace)]) -> Tracker {
    let steps = paces.iter();
    Tracker::new(Earlier {
        steps: steps
            .map(|(name, pace)| (name.parse().unwrap(), pace.clone()))
            .collect(),
        start: Some(Span::from_secs(300)),
    })
}

fn spark(done: u64) -> Option<SparkProgress> {
    Some(SparkProgress {
        done,
        ..SparkProgress::default()
    })
}

fn seconds(left: Option<TimeLeft>) -> Option<u64> {
    left.map(|left| left.left.as_secs())
}

fn running() -> Cluster {
    cluster(vec![step("one", StepState::Running, Some(0), None)])
}

#[test]
fn nothing_is_announced_without_evidence() {
    let cluster = running();
    let mut tracker = Tracker::default();
    for second in 0..600 {
        let now = at(second * 1_000);
        let lines = ["reading 2026/11/21", "loss 0.3"];
        tracker.note(
            &cluster.steps[0],
            spark(second * 100),
            lines.into_iter(),
            now,
        );
        assert_eq!(tracker.left(&cluster, &job("a"), now), None);
    }
}

#[test]
fn the_last_run_is_scaled_by_how_far_this_one_is() {
    let earlier = pace(
        90_000,
        &[(30_000, 10_000), (60_000, 20_000), (90_000, 30_000)],
    );
    let cluster = running();
    let mut tracker = after(&[("one", earlier)]);
    assert_eq!(seconds(tracker.left(&cluster, &job("a"), at(0))), Some(90));
    // Twice as slow as the last run.
    let step = &cluster.steps[0];
    tracker.note(step, spark(10_000), [].into_iter(), at(60_000));
    let left = tracker.left(&cluster, &job("a"), at(60_000));
    assert!((100..=120).contains(&seconds(left).unwrap()), "{left:?}");
    assert_eq!(left.unwrap().basis, Basis::LastRun);
    // More than the last run did: it says nothing any more.
    tracker.note(step, spark(31_000), [].into_iter(), at(100_000));
    assert_eq!(tracker.left(&cluster, &job("a"), at(100_000)), None);
}

#[test]
fn a_step_that_takes_far_longer_than_the_last_time_has_no_end_in_sight() {
    let cluster = running();
    let tracker = after(&[("one", pace(60_000, &[]))]);
    let left = |second: u64| seconds(tracker.left(&cluster, &job("a"), at(second * 1_000)));
    assert_eq!(left(20), Some(40));
    assert_eq!(left(61), Some(0));
    assert_eq!(left(120), None);
}

#[test]
fn the_time_is_that_of_all_steps() {
    let steps = vec![
        step("one", StepState::Completed, Some(0), Some(10_000)),
        step("two", StepState::Running, Some(10_000), None),
        step("three", StepState::Pending, None, None),
    ];
    let cluster = cluster(steps);
    let known = [("two", pace(20_000, &[])), ("three", pace(7_000, &[]))];
    let left = after(&known).left(&cluster, &job("a"), at(15_000)).unwrap();
    assert_eq!((left.left.as_secs(), left.is_whole), (22, true));
    let left = after(&known[..1])
        .left(&cluster, &job("a"), at(15_000))
        .unwrap();
    assert_eq!((left.left.as_secs(), left.is_whole), (15, false));
}

#[test]
fn a_start_counts_until_the_first_step() {
    let mut starting = cluster(vec![step("one", StepState::Pending, None, None)]);
    starting.state = ClusterState::Starting;
    starting.ready_at = None;
    let tracker = after(&[("one", pace(60_000, &[]))]);
    let left = |second: u64| seconds(tracker.left(&starting, &job("a"), at(second * 1_000)));
    assert_eq!(left(100), Some(260));
    assert_eq!(left(301), None, "it takes longer than it did");
}

#[test]
fn another_job_is_timed_by_what_it_prints() {
    let mut tracker = after(&[("one", pace(90_000, &[(90_000, 30_000)]))]);
    let mut cluster = running();
    cluster.steps[0].job = job("b");
    for pass in 0..=5 {
        let line = format!("pass {pass} of 60");
        let now = at(pass * 3_000);
        tracker.note(
            &cluster.steps[0],
            spark(pass * 1_000),
            [&*line].into_iter(),
            now,
        );
    }
    let left = tracker.left(&cluster, &job("b"), at(15_000)).unwrap();
    assert_eq!(left.basis, Basis::Printed { done: 5, of: 60 });
    assert_eq!(left.left.as_secs(), 165);
}

#[test]
fn a_completed_step_leaves_a_pace_of_few_marks() {
    let mut cluster = running();
    let mut tracker = Tracker::default();
    for second in 1..=5_000 {
        let now = at(second * 1_000);
        tracker.note(&cluster.steps[0], spark(second * 10), [].into_iter(), now);
    }
    assert!(
        tracker.paces(&cluster, &job("a")).is_empty(),
        "it is not done"
    );
    cluster.steps[0] = step("one", StepState::Completed, Some(0), Some(5_001_000));
    let paces = tracker.paces(&cluster, &job("a"));
    let pace = &paces[&"one".parse().unwrap()];
    assert_eq!(pace.took_ms, 5_001_000);
    assert!(
        (32..=64).contains(&pace.marks.len()),
        "{}",
        pace.marks.len()
    );
    assert!(pace.reached(25_000).unwrap().abs_diff(2_500_000) < 1_000);
}

/// The two recorded runs of one job of 30 passes, on two cores that others used too.
fn recorded() -> [StepPace; 2] {
    let runs = include_str!("../../tests/progress/thirty_passes.json");
    serde_json::from_str(runs).unwrap()
}

/// The error after a third of the second run, in percent of the time that was left.
fn error_of(left: Option<TimeLeft>, run: &StepPace) -> u64 {
    let true_left = run.took_ms * 2 / 3;
    let said = left.unwrap().left.as_secs() * 1_000;
    said.abs_diff(true_left) * 100 / true_left
}

#[test]
fn a_recorded_run_is_announced_after_a_third() {
    let [first, second] = recorded();
    let third = second.took_ms / 3;
    let cluster = running();
    let mut by_run = after(&[("one", first)]);
    let mut by_lines = Tracker::default();
    for mark in second.marks.iter().filter(|mark| mark.at_ms <= third) {
        let step = &cluster.steps[0];
        by_run.note(step, spark(mark.done), [].into_iter(), at(mark.at_ms));
        // Each pass is two jobs of Spark.
        let line = format!("pass {} of 30", mark.done / 2_000);
        by_lines.note(step, None, [&*line].into_iter(), at(mark.at_ms));
    }
    for (what, tracker) in [("run", by_run), ("lines", by_lines)] {
        let left = tracker.left(&cluster, &job("a"), at(third));
        let error = error_of(left, &second);
        assert!(error < 30, "{what}: {error}%: {left:?}");
    }
}

/// Runs whose marks rise by these steps of time and work.
fn paces() -> impl Strategy<Value = StepPace> {
    let steps = proptest::collection::vec((1..100_000_u64, 1..5_000_u64), 0..80);
    (steps, 0..100_000_u64).prop_map(|(steps, rest)| {
        let mut last = (0, 0);
        let marks: Vec<_> = steps
            .into_iter()
            .map(|(ms, done)| {
                last = (last.0 + ms, last.1 + done);
                last
            })
            .collect();
        pace(last.0 + rest + 1, &marks)
    })
}

proptest! {
    #[test]
    fn the_same_run_again_takes_as_long(run in paces()) {
        let cluster = running();
        let mut tracker = after(&[("one", run.clone())]);
        for mark in &run.marks {
            let now = at(mark.at_ms);
            tracker.note(&cluster.steps[0], spark(mark.done), [].into_iter(), now);
            let left = tracker.left(&cluster, &job("a"), now).unwrap().left.as_secs();
            let true_left = (run.took_ms - mark.at_ms).div_ceil(1_000);
            prop_assert!(left.abs_diff(true_left) <= 1, "{left} and {true_left}");
        }
    }

    #[test]
    fn no_observation_breaks_an_estimate(
        earlier in paces(),
        seen in proptest::collection::vec((0..u64::MAX / 4, any::<u64>(), ".{0,40}"), 0..40),
    ) {
        let cluster = running();
        let mut tracker = after(&[("one", earlier)]);
        for (ms, done, line) in seen {
            let now = at(ms % 100_000_000);
            tracker.note(&cluster.steps[0], spark(done), [&*line].into_iter(), now);
            let left = tracker.left(&cluster, &job("a"), now);
            prop_assert!(left.is_none_or(|left| left.left.as_secs() < u64::MAX / 2_000));
        }
        let paces: BTreeMap<_, _> = tracker.paces(&cluster, &job("a"));
        prop_assert!(paces.is_empty());
    }
}
