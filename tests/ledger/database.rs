//! The database is private to its user, readable while it is written, keeps final records, and is
//! moved aside if it is damaged.

use crate::{at, ended, living, scope, window};
use chrono::{DateTime, Utc};
use clusterup::cost::attempts::JobAttempt;
use clusterup::cost::ledger::{self, By, Record, Report, Scope, SlotTime, Window};
use clusterup::ledger::{Ledger, LedgerError};
use clusterup::model::pace::{PaceMark, StepPace};
use clusterup::model::retry::RunState;
use clusterup::model::span::Span;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("clusterup/ledger.db")
    }

    fn open(&self) -> Ledger {
        let opened = Ledger::open(&self.path(), now()).unwrap();
        assert_eq!(opened.spoilt, None);
        opened.ledger
    }

    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path().parent().unwrap()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn now() -> DateTime<Utc> {
    at("2026-11-21T12:00:00")
}

fn here() -> Scope {
    scope("us-east-1", Some("123456789012"))
}

fn ever() -> Window {
    window("2000-01-01T00:00:00", "2100-01-01T00:00:00")
}

fn some() -> Vec<Record> {
    vec![
        ended("j-1", "2026-11-01T10:00:00", None, "2026-11-01T11:00:00"),
        living("j-2", "2026-11-02T10:00:00", Some("2026-11-02T10:10:00")),
    ]
}

#[test]
fn written_records_are_read_back() {
    let home = Home::new();
    home.open().record(&some()).unwrap();
    let ledger = home.open();
    assert_eq!(ledger.records(&here(), ever()).unwrap(), some());
    let mode = fs::metadata(home.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let journal: String = home
        .raw()
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(journal, "wal");
    let known = ledger.known_final(&here()).unwrap();
    assert_eq!(
        known.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        ["j-1"]
    );
    assert_eq!(ledger.unsettled(&here()).unwrap(), some()[1..]);
}

#[test]
fn a_scope_and_a_window_select_records() {
    let home = Home::new();
    let mut ledger = home.open();
    let other = Record {
        account: Some("210987654321".to_owned()),
        ..living("j-3", "2026-11-03T10:00:00", None)
    };
    let local = Record {
        place: "local".parse().unwrap(),
        account: None,
        ..living("local-1", "2026-11-03T10:00:00", None)
    };
    ledger
        .record(&[some(), vec![other, local]].concat())
        .unwrap();
    let ids = |scope: &Scope, window| {
        let records = ledger.records(scope, window).unwrap();
        let ids = records.iter().map(|record| record.id.to_string());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&here(), ever()), ["j-1", "j-2"]);
    assert_eq!(
        ids(&scope("us-east-1", None), ever()),
        ["j-1", "j-2", "j-3"]
    );
    assert_eq!(ids(&scope("local", None), ever()), ["local-1"]);
    assert_eq!(ids(&scope("eu-west-1", None), ever()), Vec::<String>::new());
    let second = window("2026-11-01T12:00:00", "2026-11-30T00:00:00");
    assert_eq!(ids(&here(), second), ["j-2"]);
    let first = window("2026-11-01T10:59:00", "2026-11-02T10:00:00");
    assert_eq!(
        ids(&here(), first),
        ["j-1", "j-2"],
        "at most a millisecond too many"
    );
    let none = window("2026-10-01T00:00:00", "2026-11-01T00:00:00");
    assert_eq!(ids(&here(), none), Vec::<String>::new());
}

#[test]
fn a_final_record_is_not_overwritten_by_a_preliminary_one() {
    let home = Home::new();
    let mut ledger = home.open();
    let young = living("j-1", "2026-11-01T10:00:00", None);
    let old = ended("j-1", "2026-11-01T10:00:00", None, "2026-11-01T11:00:00");
    let read = |ledger: &Ledger| ledger.records(&here(), ever()).unwrap();
    ledger.record(std::slice::from_ref(&young)).unwrap();
    assert_eq!(read(&ledger), std::slice::from_ref(&young));
    ledger.record(&[old.clone(), young.clone()]).unwrap();
    assert_eq!(read(&ledger), std::slice::from_ref(&old));
    ledger.record(&[young]).unwrap();
    assert_eq!(read(&ledger), [old]);
}

#[test]
fn the_time_of_the_last_sync_is_stored() {
    let home = Home::new();
    let mut ledger = home.open();
    assert_eq!(ledger.synced_at(&here()).unwrap(), None);
    ledger.settle(&here(), &some(), now()).unwrap();
    assert_eq!(ledger.synced_at(&here()).unwrap(), Some(now()));
    assert_eq!(
        ledger.synced_at(&scope("us-east-1", None)).unwrap(),
        Some(now())
    );
    assert_eq!(ledger.synced_at(&scope("local", None)).unwrap(), None);
    assert_eq!(ledger.records(&here(), ever()).unwrap(), some());
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let home = Home::new();
    home.open().record(&some()).unwrap();
    let writer = home.raw();
    writer
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM records;")
        .unwrap();
    let reader = home.open();
    assert_eq!(reader.records(&here(), ever()).unwrap(), some());
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(reader.records(&here(), ever()).unwrap(), []);
}

#[test]
fn writers_take_turns() {
    let home = Home::new();
    let path = home.path();
    let writers = (0..4).map(|writer| {
        let path = path.clone();
        std::thread::spawn(move || {
            let mut ledger = Ledger::open(&path, now()).unwrap().ledger;
            for number in 0..25 {
                let id = format!("j-{writer}-{number}");
                ledger
                    .record(&[living(&id, "2026-11-01T10:00:00", None)])
                    .unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    writers
        .into_iter()
        .for_each(|writer| writer.join().unwrap());
    assert_eq!(home.open().records(&here(), ever()).unwrap().len(), 100);
}

#[test]
fn a_file_that_is_not_a_database_is_moved_aside() {
    let home = Home::new();
    home.open().record(&some()).unwrap();
    fs::write(
        home.path(),
        "this is no database, but long enough to be one".repeat(50),
    )
    .unwrap();
    let opened = Ledger::open(&home.path(), now()).unwrap();
    let aside = opened.spoilt.unwrap();
    assert!(
        aside.ends_with("ledger.db.spoilt-20261121T120000000Z"),
        "{aside:?}"
    );
    assert!(fs::read_to_string(&aside).unwrap().starts_with("this is"));
    let mut ledger = opened.ledger;
    assert_eq!(ledger.records(&here(), ever()).unwrap(), []);
    ledger.record(&some()).unwrap();
    drop(ledger);
    assert_eq!(home.open().records(&here(), ever()).unwrap(), some());
}

#[test]
fn a_damaged_database_is_moved_aside() {
    let home = Home::new();
    let many: Vec<Record> = (0..200)
        .map(|number| living(&format!("j-{number}"), "2026-11-01T10:00:00", None))
        .collect();
    home.open().record(&many).unwrap();
    let mut bytes = fs::read(home.path()).unwrap();
    let half = bytes.len() / 2;
    bytes[4_096..half].fill(0x5a);
    fs::write(home.path(), bytes).unwrap();
    let opened = Ledger::open(&home.path(), now()).unwrap();
    assert!(opened.spoilt.is_some());
    assert_eq!(opened.ledger.records(&here(), ever()).unwrap(), []);
    drop(opened);
    assert_eq!(home.names().len(), 2, "{:?}", home.names());
}

#[test]
fn a_record_of_no_known_place_is_reported() {
    for text in ["", "here", "Local", "us-east", "us-east-1\\n"] {
        let home = Home::new();
        home.open().record(&some()).unwrap();
        let damage = "UPDATE records SET record = replace(record, '\"us-east-1\"', ?1)";
        let changed = home.raw().execute(damage, [format!("\"{text}\"")]);
        assert_eq!(changed.unwrap(), 2);
        let ledger = home.open();
        let error = ledger.records(&here(), ever()).unwrap_err();
        let LedgerError::Unreadable { id, .. } = &error else {
            panic!("{text}: {error}");
        };
        assert_eq!(id, "j-1");
        assert!(!error.hints().is_empty());
        // Other places' records stay readable.
        assert_eq!(ledger.records(&scope("local", None), ever()).unwrap(), []);
    }
}

#[test]
fn a_place_is_stored_as_its_text() {
    let home = Home::new();
    let rows = ["local", "us-east-1", "us-gov-west-1"].map(|place| Record {
        place: place.parse().unwrap(),
        ..living(&format!("j-{place}"), "2026-11-01T10:00:00", None)
    });
    home.open().record(&rows).unwrap();
    let raw = home.raw();
    let sql = "SELECT target, json_extract(record, '$.target') FROM records ORDER BY target";
    let mut statement = raw.prepare(sql).unwrap();
    let stored = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let stored: Vec<(String, String)> = stored.unwrap().map(Result::unwrap).collect();
    let expected = ["local", "us-east-1", "us-gov-west-1"].map(|it| (it.to_owned(), it.to_owned()));
    assert_eq!(stored, expected);
}

#[test]
fn a_newer_ledger_is_refused_and_unchanged() {
    let home = Home::new();
    home.open().record(&some()).unwrap();
    let ours: i64 = home
        .raw()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    home.raw()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let Err(error) = Ledger::open(&home.path(), now()) else {
        panic!("it was opened");
    };
    assert!(
        matches!(error, LedgerError::Newer { found: 99, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("newer clusterup"));
    home.raw()
        .pragma_update(None, "user_version", ours)
        .unwrap();
    assert_eq!(home.open().records(&here(), ever()).unwrap(), some());
}

#[test]
fn an_unwritable_folder_is_reported() {
    let home = Home::new();
    fs::create_dir_all(home.path()).unwrap();
    let error = Ledger::open(&home.path(), now()).err().unwrap();
    assert!(!error.hints().is_empty());
}

#[test]
fn how_busy_slots_were_is_added_up_and_outlives_what_the_cloud_reports() {
    let home = Home::new();
    let mut ledger = home.open();
    let record = living("j-1", "2026-11-21T10:00:00", None);
    let (place, id) = (record.place.clone(), record.id.clone());
    let run = SlotTime {
        there_ms: 600_000,
        busy_ms: 100_000,
    };
    // Of a cluster without a record there is nothing to say.
    ledger.add_slots(&place, &id, run).unwrap();
    ledger.record(std::slice::from_ref(&record)).unwrap();
    for _ in 0..2 {
        ledger.add_slots(&place, &id, run).unwrap();
    }
    let over = ended("j-1", "2026-11-21T10:00:00", None, "2026-11-21T11:00:00");
    ledger.record(std::slice::from_ref(&over)).unwrap();
    let slots = Some(run + run);
    let records = ledger.records(&here(), ever()).unwrap();
    assert_eq!(records, [Record { slots, ..over }]);
    assert_eq!(slots.and_then(SlotTime::idle_percent), Some(83));
    assert_eq!(SlotTime::default().idle_percent(), None);

    let other = ended("j-2", "2026-11-21T10:00:00", None, "2026-11-21T11:00:00");
    ledger.record(&[other]).unwrap();
    let records = ledger.records(&here(), ever()).unwrap();
    let report = Report::of(&records, By::Stack, ever(), now());
    assert_eq!((report.total.clusters, report.total.slots), (2, slots));
    assert_eq!(report.rows[0].slots, slots);
}

#[test]
fn attempts_are_recorded_once_and_outlive_what_the_cloud_reports() {
    let home = Home::new();
    let mut ledger = home.open();
    let record = living("j-1", "2026-11-21T10:00:00", None);
    let (place, id) = (record.place.clone(), record.id.clone());
    let attempt = |run, number, state| JobAttempt {
        job: "00112233aabbccdd".parse().unwrap(),
        run,
        number,
        state,
        step: None,
        class: None,
        cause: None,
        changes: BTreeMap::new(),
        cost: "$0.12".parse().ok(),
    };
    let first = attempt(1, 1, RunState::Failed);
    let second = attempt(2, 2, RunState::Completed);
    // Of a cluster without a record there is nothing to say.
    ledger.add_attempt(&place, &id, &first).unwrap();
    ledger.record(std::slice::from_ref(&record)).unwrap();
    for attempt in [&first, &second, &first] {
        ledger.add_attempt(&place, &id, attempt).unwrap();
    }
    ledger.add_slots(&place, &id, SlotTime::default()).unwrap();
    let over = ended("j-1", "2026-11-21T10:00:00", None, "2026-11-21T11:00:00");
    ledger.record(std::slice::from_ref(&over)).unwrap();
    let records = ledger.records(&here(), ever()).unwrap();
    let attempts = [&first, &second].map(|one| (one.key(), one.clone())).into();
    let slots = Some(SlotTime::default());
    assert_eq!(
        records,
        [Record {
            attempts,
            slots,
            ..over
        }]
    );
    let report = Report::of(&records, By::Stack, ever(), now());
    let reported: Vec<_> = report.attempts.iter().map(|one| &one.attempt).collect();
    assert_eq!(reported, [&first, &second]);
}

#[test]
fn the_next_run_is_timed_by_the_last_of_each_step() {
    let home = Home::new();
    let mut ledger = home.open();
    let pace = |took_ms, marks: &[(u64, u64)]| StepPace {
        job: "00112233aabbccdd".parse().unwrap(),
        took_ms,
        marks: marks
            .iter()
            .map(|&(at_ms, done)| PaceMark { at_ms, done })
            .collect(),
    };
    let step = |name: &str| name.parse().unwrap();
    let days = ["2026-11-19", "2026-11-20", "2026-11-21"];
    for (number, day) in days.into_iter().enumerate() {
        let ready = format!("{day}T10:0{}:00", number + 4);
        let over = ended(
            &format!("j-{number}"),
            &format!("{day}T10:00:00"),
            Some(&ready),
            &format!("{day}T11:00:00"),
        );
        // Of a cluster without a record there is nothing to say.
        let one = [(step("load"), pace(9, &[]))].into();
        ledger.add_paces(&over.place, &over.id, &one).unwrap();
        ledger.record(std::slice::from_ref(&over)).unwrap();
        let paces = match number {
            0 => [(step("load"), pace(1_000, &[(500, 1)]))].into(),
            1 => [(step("fit"), pace(2_000, &[(700, 3), (900, 4)]))].into(),
            _ => BTreeMap::new(),
        };
        ledger.add_paces(&over.place, &over.id, &paces).unwrap();
        // What the cloud reports later leaves them as they are.
        ledger.record(std::slice::from_ref(&over)).unwrap();
    }
    let again = [(step("fit"), pace(1_500, &[]))].into();
    let (place, id) = (
        living("j-1", "2026-11-20T10:00:00", None).place,
        "j-1".parse().unwrap(),
    );
    ledger.add_paces(&place, &id, &again).unwrap();
    let records = ledger.records(&here(), ever()).unwrap();
    let movies = "movies".parse().unwrap();
    let found = ledger::paces(&records, &movies);
    assert_eq!(found[&step("load")], pace(1_000, &[(500, 1)]));
    assert_eq!(found[&step("fit")], pace(1_500, &[]));
    assert_eq!(ledger::start(&records, &movies), Some(Span::from_secs(300)));
    let other = "other".parse().unwrap();
    assert!(ledger::paces(&records, &other).is_empty());
    assert_eq!(ledger::start(&records, &other), None);
}
