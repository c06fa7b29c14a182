//! Tests of the ledger: reports against sums computed by hand, properties of all records, the
//! database and the audit log.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "ledger/audit.rs"]
mod audit;
#[path = "ledger/database.rs"]
mod database;
#[path = "ledger/document.rs"]
mod document;
#[path = "ledger/properties.rs"]
mod properties;
#[path = "ledger/recorded.rs"]
mod recorded;
#[path = "ledger/reports.rs"]
mod reports;
#[path = "ledger/retention.rs"]
mod retention;
#[path = "support/running.rs"]
mod running;
#[path = "support/spending.rs"]
mod spending;

use chrono::{DateTime, Utc};
use clusterup::cost::ledger::{Record, Scope, Window, Work};
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::observed::{ClusterState, End, EndReason, StepState};

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

fn usd(text: &str) -> Usd {
    Usd::new(text.parse().unwrap())
}

fn window(from: &str, until: &str) -> Window {
    let (from, until) = (at(from), at(until));
    Window { from, until }
}

fn scope(place: &str, account: Option<&str>) -> Scope {
    Scope {
        place: place.parse().unwrap(),
        account: account.map(str::to_owned),
    }
}

fn life(role: Role, count: u16, from: &str, until: Option<&str>) -> InstanceSpan {
    InstanceSpan {
        role,
        from: at(from),
        until: until.map(at),
        count,
        instance_type: None,
    }
}

fn work(state: StepState, from: &str, until: Option<&str>) -> Work {
    Work {
        state,
        started_at: at(from),
        ended_at: until.map(at),
    }
}

/// A live cluster with a primary alone, at $0.36/h.
fn living(id: &str, created: &str, ready: Option<&str>) -> Record {
    Record {
        place: "us-east-1".parse().unwrap(),
        account: Some("123456789012".to_owned()),
        id: id.parse().unwrap(),
        stack: "movies".parse().unwrap(),
        team: None,
        owner: None,
        state: ClusterState::Running,
        created_at: at(created),
        ready_at: ready.map(at),
        ended_at: None,
        end: None,
        rates: Some(
            "primary=0.3+0.05+0.005+0.005 core=0.6+0.1+0.015+0.005"
                .parse()
                .unwrap(),
        ),
        instance_spans: vec![life(Role::Primary, 1, created, None)],
        steps: Vec::new(),
        ends_by: None,
        overridden: None,
        accounts: Vec::new(),
        worst_spans: Vec::new(),
        estimated: false,
        slots: None,
        attempts: Default::default(),
        paces: Default::default(),
        seen_at: at(created),
    }
}

/// The same cluster after it has ended with its work done.
fn ended(id: &str, created: &str, ready: Option<&str>, ended: &str) -> Record {
    let mut record = living(id, created, ready);
    record.state = ClusterState::Terminated;
    record.ended_at = Some(at(ended));
    record.end = Some(End {
        reason: EndReason::StepsCompleted,
        message: "all steps are completed".into(),
    });
    record.instance_spans[0].until = record.ended_at;
    record.seen_at = at(ended);
    record
}
