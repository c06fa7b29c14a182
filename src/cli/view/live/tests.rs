//! What a screen and a pipe show of a job, from its observations alone.

use super::super::live_log::LiveLog;
use super::*;
use crate::model::facts::Facts;
use crate::model::job_now::StepNow;
use crate::model::name::JobHash;
use crate::{plan, text};
use std::path::Path;

const STACK: &str = "stack: movies\nregion: us-east-1\n\
    cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n\
    guardrails: { idle_timeout: 10m, max_lifetime: 2h, budget: $3, when_done: keep }\n";

pub(in crate::cli::view) fn at(seconds: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-21T04:00:00Z".parse().unwrap();
    start + TimeDelta::seconds(seconds)
}

fn step(name: &str, state: StepState, from: Option<i64>, until: Option<i64>) -> Step {
    Step {
        name: name.parse().unwrap(),
        job: job(),
        run: 1,
        state,
        started_at: from.map(at),
        ended_at: until.map(at),
        ui: None,
        failure: None,
        diagnosis: None,
        stuck: Vec::new(),
        may_fail: false,
        attempt: None,
    }
}

fn job() -> JobHash {
    "00112233aabbccdd".parse().unwrap()
}

/// A cluster that was created at 0 s and ready at 300 s, whose second step runs since 360 s.
pub(in crate::cli::view) fn now(seconds: i64, left: Option<TimeLeft>) -> JobNow {
    let stack = text::parse("t.yaml", STACK, Path::new(""), &[]).unwrap();
    let facts = Facts::of_aws("primary=0.192+0.048+0+0 core=0.192+0.048+0+0");
    let spec = plan::expand::expand(&stack, &facts).unwrap().0.cluster;
    let mut cluster = Cluster::new("j-1".parse().unwrap(), stack.name, spec, at(0));
    cluster.state = ClusterState::Running;
    cluster.ready_at = Some(at(300));
    cluster.steps = vec![
        step("load", StepState::Completed, Some(300), Some(360)),
        step("similarities", StepState::Running, Some(360), None),
    ];
    JobNow {
        at: at(seconds),
        cluster,
        job: job(),
        is_free: false,
        running: Some(StepNow {
            name: "similarities".parse().unwrap(),
            ui: None,
            spark: Some(SparkProgress {
                jobs_done: 7,
                jobs: 8,
                done: 7_500,
                stages_done: 12,
                stages: 31,
                tasks_done: 340,
                tasks: 400,
            }),
            printed: vec!["pass 7 of 30: rmse 0.91".into(), "evil \x1b[2J line".into()],
        }),
        usual_start: UsualStart::OfEmr(Span::from_secs(360)),
        left,
    }
}

fn about(seconds: u64, basis: Basis) -> Option<TimeLeft> {
    Some(TimeLeft {
        left: Span::from_secs(seconds),
        basis,
        is_whole: true,
    })
}

#[test]
fn one_screen_shows_the_job() {
    let now = now(420, about(180, Basis::LastRun));
    let spent = guard::spent(&now.cluster, at(420)).unwrap().total.up_to(4);
    let expected = [
        "movies: step 2 of 2, running for 2m 0s; about 3m 0s left (as the last run)",
        "  load          done in 1m 0s",
        "  similarities  1m 0s  [===>        ]  7/8 jobs, 12/31 stages, 340/400 tasks",
        &format!("  {spent} so far, at most $1.68"),
        "  max_lifetime ends it in 1h 53m, at 06:00:00 UTC",
        "  | pass 7 of 30: rmse 0.91",
        "  | evil \u{fffd}[2J line",
    ];
    assert_eq!(lines(&now, at(420), 80), expected);
}

#[test]
fn a_start_is_compared_with_earlier_ones() {
    let mut now = now(45, None);
    now.cluster.state = ClusterState::Starting;
    now.cluster.ready_at = None;
    now.cluster.steps.iter_mut().for_each(|step| {
        step.state = StepState::Pending;
        step.started_at = None;
    });
    now.running = None;
    assert_eq!(
        lines(&now, at(45), 80)[..3],
        [
            "movies: starting for 45s (EMR often takes about 6m 0s)",
            "  load          waits",
            "  similarities  waits",
        ]
    );
    now.usual_start = UsualStart::Recorded(Span::from_secs(330));
    assert_eq!(
        change(&now, at(45)),
        "starting for 45s (its clusters took about 5m 30s)"
    );
}

#[test]
fn times_go_on_between_two_polls() {
    let now = now(420, about(60, Basis::Printed { done: 20, of: 30 }));
    let later = lines(&now, at(440), 80).join("\n");
    assert!(
        later.contains("about 40s left (it printed 20 of 30)"),
        "{later}"
    );
    assert!(later.contains("similarities  1m 20s"), "{later}");
    let much_later = lines(&now, at(600), 80).join("\n");
    assert!(much_later.contains("about to end"), "{much_later}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut now = now(420, about(3_000, Basis::LastRun));
    let step = now.running.as_mut().unwrap();
    step.printed = vec!["映画 ".repeat(90).as_str().into(), "x".repeat(999).into()];
    for width in 20..=120 {
        for line in lines(&now, at(420), width) {
            let columns = line.chars().map(|c| if c < '\u{300}' { 1 } else { 2 });
            assert!(columns.sum::<usize>() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn the_cost_is_the_meters() {
    for seconds in [301, 420, 3_599] {
        let now = now(seconds, None);
        let bill = guard::spent(&now.cluster, at(seconds)).unwrap();
        let shown = lines(&now, at(seconds), 80).join("\n");
        let expected = format!("{} so far, at most ", bill.total.up_to(4));
        assert!(shown.contains(&expected), "{expected} in {shown}");
    }
}

#[test]
fn ten_minutes_in_a_pipe_are_few_bytes_and_no_line_comes_twice() {
    let mut log = LiveLog::default();
    let mut all: Vec<String> = Vec::new();
    for quarter in 0..2_400_i64 {
        let seconds = 361 + quarter / 4;
        let mut now = now(seconds, about(600, Basis::LastRun));
        let step = now.running.as_mut().unwrap();
        let pass = quarter / 80 + 1;
        step.printed = vec![format!("pass {pass} of 30: {}", "x".repeat(150)).into()];
        all.extend(log.lines(&now));
    }
    assert!(all.len() >= 8, "{all:#?}");
    let bytes: usize = all
        .iter()
        .map(|line| line.len() + "04:06:01Z \n".len())
        .sum();
    assert!(bytes < 4_000, "{bytes}");
    let unique: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(unique.len(), all.len(), "{all:#?}");
}
