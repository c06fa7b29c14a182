//! The ledger deletes what it no longer keeps, and nothing else.

use crate::audit::{home, open};
use crate::{at, ended, living, scope, window};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::ledger::{AuditQuery, Ledger};
use clusterup::model::audit::{Act, Entry};
use rusqlite::Connection;

fn now() -> DateTime<Utc> {
    at("2026-12-01T00:00:00")
}

fn entry(days_ago: i64) -> Entry {
    Entry {
        at: now() - TimeDelta::days(days_ago),
        actor: "watchdog".to_owned(),
        place: None,
        target: None,
        act: Act::Begin,
        verdict: None,
        evidence: None,
        outcome: format!("{days_ago} days ago"),
    }
}

fn outcomes(ledger: &Ledger) -> Vec<String> {
    let entries = ledger.entries(&AuditQuery::default()).unwrap();
    entries.into_iter().map(|it| it.entry.outcome).collect()
}

#[test]
fn entries_are_kept_for_400_days() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    for days_ago in [900, 402, 399, 1] {
        ledger.note(&entry(days_ago)).unwrap();
    }
    let pruned = ledger.prune(now()).unwrap();
    assert_eq!(pruned, 2);
    assert_eq!(outcomes(&ledger), ["399 days ago", "1 days ago"]);
    assert_eq!(ledger.prune(now()).unwrap(), 0);
}

#[test]
fn a_clock_that_is_wrong_deletes_nothing_that_is_new() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    for days_ago in [30, 0] {
        ledger.note(&entry(days_ago)).unwrap();
    }
    let later = now() + TimeDelta::days(3_000);
    assert_eq!(ledger.prune(later).unwrap(), 0);
    // A clock that was ahead has written one entry.
    ledger.note(&entry(-3_000)).unwrap();
    assert_eq!(ledger.prune(now()).unwrap(), 0);
    assert_eq!(outcomes(&ledger).len(), 3);
}

#[test]
fn the_newest_million_is_kept_and_the_rest_goes_in_parts() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    ledger.note(&entry(2)).unwrap();
    let raw = Connection::open(&path).unwrap();
    // Numbers may have gaps: they are what is counted.
    let sql = "INSERT INTO events (id, at, actor, act, outcome)
               SELECT id, ?1, 'watchdog', 'begin', id FROM
               (SELECT 1 + value AS id FROM json_each(?2))";
    let numbers: Vec<u32> = (1..12_000).chain([1_011_998, 1_011_999]).collect();
    let numbers = serde_json::to_string(&numbers).unwrap();
    raw.execute(sql, (now().timestamp_millis(), numbers))
        .unwrap();
    let counts = || ledger_count(&raw);
    assert_eq!(counts(), 12_002);
    assert_eq!(ledger.prune(now()).unwrap(), 10_000);
    assert_eq!(ledger.prune(now()).unwrap(), 2_000);
    assert_eq!(ledger.prune(now()).unwrap(), 0);
    assert_eq!(counts(), 2);
}

fn ledger_count(raw: &Connection) -> i64 {
    raw.query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn records_are_kept_for_two_years_after_their_end() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    let scope = scope("us-east-1", Some("123456789012"));
    let all = [
        ended("j-1", "2024-09-01T10:00:00", None, "2024-09-01T12:00:00"),
        ended("j-2", "2024-10-15T10:00:00", None, "2024-10-15T12:00:00"),
        living("j-3", "2024-09-01T10:00:00", None),
    ];
    ledger.record(&all).unwrap();
    let window = window("2020-01-01T00:00:00", "2030-01-01T00:00:00");
    assert_eq!(ledger.prune(now()).unwrap(), 1);
    // One that has not ended is kept, however old it is.
    let left = ledger.records(&scope, window).unwrap();
    let ids: Vec<&str> = left.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["j-3", "j-2"]);
}
