//! A ledger with a month of ended clusters of three teams, for reports.

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::ledger::{Record, Work};
use clusterup::ledger::Ledger;
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::observed::{ClusterState, End, EndReason, StepState};
use std::path::Path;

/// Stack, team, owner, core nodes, and the hours between its runs.
type Job<'a> = (&'a str, &'a str, &'a str, u16, i64);

const JOBS: [Job<'_>; 5] = [
    ("recommender", "data", "ana@laptop", 4, 24),
    ("reports", "data", "ci@runner-7", 2, 96),
    ("feature-store", "growth", "noor@ws-14", 8, 31),
    ("clickstream", "growth", "airflow@etl-1", 2, 9),
    ("churn", "", "mateo@ws-03", 3, 55),
];

/// Writes the ledger into the state folder `state/clusterup`: what ran on this machine in the thirty
/// days before `now`. Returns how many clusters it has.
pub(crate) fn write(state: &Path, now: DateTime<Utc>) -> usize {
    let mut records = Vec::new();
    for (job, from) in (0_i64..).zip(JOBS) {
        let mut hours = 3 + job;
        while hours < 30 * 24 {
            records.push(record(from, records.len(), now - TimeDelta::hours(hours)));
            hours += from.4;
        }
    }
    let path = state.join("clusterup/ledger.db");
    let mut ledger = Ledger::open(&path, now).unwrap().ledger;
    ledger.record(&records).unwrap();
    records.len()
}

fn record((stack, team, owner, core, _): Job<'_>, n: usize, created: DateTime<Utc>) -> Record {
    let minutes = |minutes: i64| created + TimeDelta::minutes(minutes);
    let n = i64::try_from(n).unwrap();
    // Every seventh run fails, and each idles for a while.
    let failed = n % 7 == 6;
    let work = 30 + n * 37 % 90;
    let ended = minutes(6 + work + 10 + n * 13 % 25);
    let span = |role, count| InstanceSpan {
        role,
        from: created,
        until: Some(ended),
        count,
        instance_type: None,
    };
    Record {
        place: "local".parse().unwrap(),
        account: None,
        id: format!("local-{}-{n}", created.format("%Y%m%d-%H%M"))
            .parse()
            .unwrap(),
        stack: stack.parse().unwrap(),
        team: team.parse().ok(),
        owner: Some(owner.to_owned()),
        state: ClusterState::Terminated,
        created_at: created,
        ready_at: Some(minutes(6)),
        ended_at: Some(ended),
        end: Some(End {
            reason: EndReason::StepsCompleted,
            message: "all steps are completed".into(),
        }),
        rates: Some(
            "primary=0.3+0.05+0.005+0.005 core=0.6+0.1+0.015+0.005"
                .parse()
                .unwrap(),
        ),
        instance_spans: vec![span(Role::Primary, 1), span(Role::Core, core)],
        worst_spans: Vec::new(),
        estimated: false,
        steps: vec![Work {
            state: if failed {
                StepState::Failed
            } else {
                StepState::Completed
            },
            started_at: minutes(6),
            ended_at: Some(minutes(6 + work)),
        }],
        ends_by: None,
        overridden: None,
        accounts: Vec::new(),
        slots: None,
        attempts: Default::default(),
        paces: Default::default(),
        seen_at: ended,
    }
}
