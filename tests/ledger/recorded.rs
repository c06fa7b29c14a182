//! The ledger and a team's account as released versions wrote them.

use crate::{at, scope, window};
use clusterup::cost::ledger::Record;
use clusterup::ledger::Ledger;
use clusterup::model::observed::{ClusterState, EndReason, StepState};
use clusterup::policy::team_account::TeamAccount;
use rusqlite::Connection;
use std::fs;

fn recorded(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/0.1.0/");
    fs::read_to_string(format!("{folder}{file}")).unwrap()
}

fn assert_ended(record: &Record) {
    assert_eq!(
        (record.stack.as_str(), record.id.as_str()),
        ("u", "j-147J8Z6VNX782")
    );
    assert_eq!(record.state, ClusterState::Terminated);
    assert_eq!(record.ended_at, Some(at("2026-11-29T21:18:38.466")));
    let end = record.end.as_ref().unwrap();
    assert_eq!(end.reason, EndReason::StepsCompleted);
    assert_eq!(record.owner.as_ref().unwrap().to_string(), "ana@vm");
}

#[test]
fn a_ledger_of_0_1_0_is_read_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let database = Connection::open(&path).unwrap();
    database.execute_batch(&recorded("ledger.sql")).unwrap();
    drop(database);
    let opened = Ledger::open(&path, at("2026-11-30T00:00:00")).unwrap();
    assert_eq!(opened.spoilt, None);
    let scope = scope("us-east-1", Some("123456789012"));
    let window = window("2026-11-01T00:00:00", "2026-12-01T00:00:00");
    let records = opened.ledger.records(&scope, window).unwrap();
    let [ended, living] = &records[..] else {
        panic!("{records:#?}");
    };
    assert_ended(ended);
    let done = |record: &Record| {
        record
            .steps
            .iter()
            .all(|step| step.state == StepState::Completed)
    };
    assert_eq!((ended.steps.len(), done(ended)), (2, true));
    assert_eq!((living.stack.as_str(), living.ended_at), ("t", None));
    assert_eq!(living.ends_by, Some(at("2026-11-30T00:38:39.915")));
    let synced_at = opened.ledger.synced_at(&scope).unwrap();
    assert_eq!(synced_at, Some(at("2026-11-29T21:18:44.386")));
}

#[test]
fn a_team_account_of_0_1_0_is_read_and_written_unchanged() {
    let text = recorded("team.json");
    let account: TeamAccount = serde_json::from_str(&text).unwrap();
    let [reservation] = &account.reservations.values().collect::<Vec<_>>()[..] else {
        panic!("{account:#?}");
    };
    assert_eq!(reservation.stack.as_str(), "t");
    assert_eq!(
        reservation.cluster.as_ref().unwrap().as_str(),
        "j-1KRP613AD7DMR"
    );
    let written = serde_json::to_value(&account).unwrap();
    let before: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written, before);
}
