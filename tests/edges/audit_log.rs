//! The audit log as a person and a program read it.

use crate::hints;
use crate::room::Room;
use crate::running::Running;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::ledger::Ledger;
use clusterup::model::audit::{Act, Entry, Target};
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn ledger(room: &Room) -> Ledger {
    let path = room.at("state/clusterup/ledger.db");
    Ledger::open(&path, SystemClock.now()).unwrap().ledger
}

fn entry(at: DateTime<Utc>, act: Act, id: &str) -> Entry {
    Entry {
        at,
        actor: "watchdog@host".to_owned(),
        place: Some("eu-west-1".parse().unwrap()),
        target: Some(Target {
            id: id.to_owned(),
            name: Some("nightly".into()),
        }),
        act,
        verdict: Some("idle_timeout".to_owned()),
        evidence: None,
        outcome: "done".to_owned(),
    }
}

#[test]
fn the_log_is_filtered_and_creates_no_ledger() {
    let room = Room::new();
    room.expect(0, &["watchdog", "log"])
        .says("watchdog install");
    assert!(!room.at("state").exists());
    let now = SystemClock.now();
    let mut ledger = ledger(&room);
    for hours in (0..60).rev() {
        let at = now - TimeDelta::hours(hours);
        ledger
            .note(&entry(at, Act::Warn, &format!("j-{hours}")))
            .unwrap();
    }
    ledger.note(&entry(now, Act::Terminate, "j-0")).unwrap();
    let ids = |args: &[&str]| {
        let document = room.json(&[&["watchdog", "log"], args].concat());
        assert_eq!(
            (&document["verb"], &document["exit"]),
            (&"watchdog log".into(), &0.into())
        );
        let entries = document["entries"].as_array().unwrap().iter();
        let ids = entries.map(|it| it["id"].as_i64().unwrap());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), (12..=61).collect::<Vec<_>>());
    assert_eq!(ids(&["--last", "2"]), [60, 61]);
    assert_eq!(ids(&["--since", "59h30m"]).len(), 61);
    assert_eq!(ids(&["--act", "terminate"]), [61]);
    assert_eq!(ids(&["--cluster", "j-0"]), [60, 61]);
    assert_eq!(ids(&["--cluster", "none"]), Vec::<i64>::new());
    room.expect(0, &["watchdog", "log", "--last", "1"])
        .says("terminate j-0");
    room.expect(2, &["watchdog", "log", "--act", "nap"])
        .says("terminate");
}

#[test]
fn new_entries_are_printed_one_per_line() {
    let room = Room::new();
    let now = SystemClock.now();
    let mut ledger = ledger(&room);
    for id in ["j-1", "j-2", "j-3"] {
        ledger.note(&entry(now, Act::Warn, id)).unwrap();
    }
    let mut follow = room.command(&[
        "watchdog", "log", "--follow", "--last", "2", "--output", "json",
    ]);
    let mut child = Running::start(follow.stdout(Stdio::piped()));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value {
        let line = lines.next().unwrap().unwrap();
        hints::check(&line);
        let record: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(record["format"], 1);
        record
    };
    assert_eq!(
        (next()["target"]["id"].clone(), next()["id"].clone()),
        ("j-2".into(), 3.into())
    );
    for id in ["j-4", "j-5", "j-6"] {
        ledger.note(&entry(now, Act::Ended, id)).unwrap();
        assert_eq!(next()["target"]["id"], id);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
