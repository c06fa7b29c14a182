//! The audit log is append-only; exactly one caller claims a matter.

use crate::at;
use crate::running::Running;
use async_trait::async_trait;
use clusterup::cloud::CloudError;
use clusterup::cloud::notify::Channel;
use clusterup::ledger::{AuditQuery, Ledger};
use clusterup::model::audit::{Act, Entry, Target};
use clusterup::model::notice::{Level, Notice};
use clusterup::model::span::Span;
use clusterup::run::notify::{Delivery, Notifier};
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) fn home() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    (folder, path)
}

pub(crate) fn open(path: &Path) -> Ledger {
    Ledger::open(path, at("2026-11-21T12:00:00"))
        .unwrap()
        .ledger
}

fn entry(minute: u32, act: Act, target: &str) -> Entry {
    Entry {
        at: at(&format!("2026-11-21T12:{minute:02}:00")),
        actor: "watchdog@host".to_owned(),
        place: Some("eu-west-1".parse().unwrap()),
        target: Some(Target {
            id: target.to_owned(),
            name: Some(format!("name of {target}").into()),
        }),
        act,
        verdict: Some("idle_timeout".to_owned()),
        evidence: None,
        outcome: "done".to_owned(),
    }
}

fn some(ledger: &mut Ledger) -> Vec<Entry> {
    let about_itself = Entry {
        place: None,
        target: None,
        ..entry(0, Act::Begin, "")
    };
    let all = vec![
        about_itself,
        entry(1, Act::Warn, "j-1"),
        entry(2, Act::Terminate, "j-1"),
        entry(3, Act::Terminate, "j-2"),
        Entry {
            place: Some("local".parse().unwrap()),
            ..entry(4, Act::Ended, "j-2")
        },
        entry(5, Act::Terminate, "j-2"),
        entry(6, Act::Ended, "j-1"),
    ];
    for (index, it) in all.iter().enumerate() {
        assert_eq!(ledger.note(it).unwrap(), index as i64 + 1);
    }
    all
}

#[test]
fn entries_are_read_back_and_filtered() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    let all = some(&mut ledger);
    let ids = |asked: AuditQuery| {
        let found = ledger.entries(&asked).unwrap();
        for logged in &found {
            assert_eq!(logged.entry, all[logged.id as usize - 1]);
        }
        found.iter().map(|logged| logged.id).collect::<Vec<_>>()
    };
    let none = AuditQuery::default;
    assert_eq!(ids(none()), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(
        ids(AuditQuery {
            last: Some(2),
            ..none()
        }),
        [6, 7]
    );
    assert_eq!(
        ids(AuditQuery {
            after: Some(5),
            ..none()
        }),
        [6, 7]
    );
    let target = |text: &str| Some(text.to_owned());
    assert_eq!(
        ids(AuditQuery {
            target: target("j-1"),
            ..none()
        }),
        [2, 3, 7]
    );
    assert_eq!(
        ids(AuditQuery {
            target: target("name of j-1"),
            ..none()
        }),
        [2, 3, 7]
    );
    assert_eq!(
        ids(AuditQuery {
            act: Some(Act::Ended),
            ..none()
        }),
        [5, 7]
    );
    let place = Some("local".parse().unwrap());
    assert_eq!(ids(AuditQuery { place, ..none() }), [5]);
    let since = Some(at("2026-11-21T12:05:00"));
    assert_eq!(
        ids(AuditQuery {
            since,
            act: Some(Act::Terminate),
            ..none()
        }),
        [6]
    );
}

#[test]
fn a_termination_is_open_until_it_is_confirmed() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    some(&mut ledger);
    let open: Vec<i64> = ledger
        .open_terminations()
        .unwrap()
        .iter()
        .map(|it| it.id)
        .collect();
    assert_eq!(open, [6], "j-2 ended elsewhere, and j-1 is over");
    ledger.note(&entry(7, Act::Ended, "j-2")).unwrap();
    assert_eq!(ledger.open_terminations().unwrap(), []);
}

#[test]
fn entries_cannot_be_changed_or_deleted() {
    let (_home, path) = home();
    let before = {
        let mut ledger = open(&path);
        some(&mut ledger);
        ledger.entries(&AuditQuery::default()).unwrap()
    };
    let raw = Connection::open(&path).unwrap();
    for sql in [
        "UPDATE events SET outcome = 'never'",
        "DELETE FROM events",
        "DELETE FROM events WHERE id = 3",
        "INSERT OR REPLACE INTO events (id, at, actor, act, outcome) VALUES (3, 0, '', 'stop', '')",
        "REPLACE INTO events (id, at, actor, act, outcome) VALUES (1, 0, '', 'stop', '')",
    ] {
        let error = raw.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("only added to"), "{sql}: {error}");
    }
    drop(raw);
    assert_eq!(open(&path).entries(&AuditQuery::default()).unwrap(), before);
}

#[test]
fn an_older_ledger_gets_the_new_tables() {
    let (_home, path) = home();
    drop(open(&path));
    let raw = Connection::open(&path).unwrap();
    let back = "DROP TABLE events; DROP TABLE notices; DROP TABLE tellings;
                PRAGMA user_version = 1";
    raw.execute_batch(back).unwrap();
    drop(raw);
    let mut ledger = open(&path);
    ledger
        .record(&[crate::living("j-1", "2026-11-01T10:00:00", None)])
        .unwrap();
    assert_eq!(ledger.note(&entry(1, Act::Warn, "j-1")).unwrap(), 1);
}

#[test]
fn one_of_many_callers_claims_a_matter() {
    let (_home, path) = home();
    drop(open(&path));
    let now = at("2026-11-21T12:00:00");
    let claimers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut ledger = open(&path);
                let mine = (0..20).filter(|n| ledger.claim(&format!("m{n}"), now, None).unwrap());
                mine.count()
            })
        })
        .collect();
    let claimed: usize = claimers.into_iter().map(|it| it.join().unwrap()).sum();
    assert_eq!(claimed, 20);
}

#[test]
fn a_reminder_is_sent_when_it_is_due() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    let hour = Some(Span::from_secs(3_600));
    let mut claim = |time: &str, after| {
        let at = at(&format!("2026-11-21T{time}"));
        ledger.claim("stuck j-1", at, after).unwrap()
    };
    assert!(claim("12:00:00", hour));
    assert!(!claim("12:59:59", hour));
    assert!(!claim("14:00:00", None), "never is not an hour");
    assert!(claim("13:00:00", hour));
    assert!(!claim("13:30:00", hour), "it counts from the last time");
    assert!(
        !claim("11:00:00", hour),
        "a clock that goes back tells nothing"
    );
    ledger.forget_matter("stuck j-1").unwrap();
    assert!(
        ledger
            .claim("stuck j-1", at("2026-11-21T13:31:00"), None)
            .unwrap()
    );
}

#[test]
fn claims_are_kept_for_sixty_days() {
    let (_home, path) = home();
    let mut ledger = open(&path);
    let early = at("2026-09-01T12:00:00");
    ledger.claim("old", early, None).unwrap();
    ledger
        .sent("old", "slack", early, "failed: no answer")
        .unwrap();
    ledger.sent("old", "slack", early, "sent").unwrap();
    let raw = Connection::open(&path).unwrap();
    let sql = "SELECT outcome FROM tellings WHERE matter = 'old' AND voice = 'slack'";
    let outcome = || raw.query_row(sql, [], |row| row.get::<_, String>(0)).ok();
    assert_eq!(outcome().as_deref(), Some("sent"));
    assert!(
        !ledger
            .claim("old", at("2026-10-30T12:00:00"), None)
            .unwrap()
    );
    ledger
        .claim("new", at("2026-11-21T12:00:00"), None)
        .unwrap();
    assert_eq!(outcome(), None);
    let left: i64 = raw
        .query_row("SELECT count(*) FROM notices", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 1);
}

/// Never finishes sending, once it has reported that it started.
struct Stuck(PathBuf);

#[async_trait(?Send)]
impl Channel for Stuck {
    fn name(&self) -> &'static str {
        "stuck"
    }

    async fn send(&self, _: &Notice) -> Result<(), CloudError> {
        std::fs::write(&self.0, "").unwrap();
        // Not even the limit of a send ends it.
        loop {
            std::thread::park();
        }
    }
}

/// Records that the notice was sent.
struct Heard(Rc<Cell<u32>>);

#[async_trait(?Send)]
impl Channel for Heard {
    fn name(&self) -> &'static str {
        "heard"
    }

    async fn send(&self, _: &Notice) -> Result<(), CloudError> {
        self.0.set(self.0.get() + 1);
        Ok(())
    }
}

fn warning(matter: &str) -> Notice {
    Notice {
        at: at("2026-11-21T12:00:00"),
        matter: matter.to_owned(),
        level: Level::Warning,
        title: "cluster nightly ends".to_owned(),
        facts: Vec::new(),
        command: None,
        remind_after: None,
    }
}

fn tell(path: &Path, voice: Box<dyn Channel>, matter: &str) -> Delivery {
    let notice = warning(matter);
    let ledger = RefCell::new(open(path));
    let notifier = Notifier::new(vec![voice]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(notifier.notify(&ledger, &notice))
}

const FOLDER: &str = "CLUSTERUP_TEST_FOLDER";

/// Run by the test below, which kills it.
#[test]
#[ignore = "it never ends"]
#[expect(
    clippy::disallowed_methods,
    reason = "its parent tells it where to work"
)]
fn part_notify_until_killed() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let voice = Box::new(Stuck(folder.join("began")));
    tell(&folder.join("ledger.db"), voice, "warn j-1");
}

#[test]
fn a_process_killed_while_it_notifies_is_not_repeated() {
    let (home, path) = home();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "audit::part_notify_until_killed"])
        .env(FOLDER, home.path())
        .stdout(Stdio::null());
    let mut child = Running::start(&mut command);
    let begun = Instant::now();
    while !home.path().join("began").exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it does not begin"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let times = Rc::<Cell<u32>>::default();
    let heard = || Box::new(Heard(Rc::clone(&times)));
    assert!(!tell(&path, heard(), "warn j-1").claimed);
    assert_eq!(times.get(), 0);
    assert!(
        tell(&path, heard(), "warn j-2").claimed,
        "another matter is told"
    );
    assert_eq!(times.get(), 1);
}

#[test]
fn people_are_notified_even_if_the_ledger_fails() {
    let (_home, path) = home();
    let times = Rc::<Cell<u32>>::default();
    let notifier = Notifier::new(vec![Box::new(Heard(Rc::clone(&times)))]);
    let ledger = RefCell::new(open(&path));
    let raw = Connection::open(&path).unwrap();
    let rename = |from, to| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        raw.execute_batch(&sql).unwrap();
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tell = || runtime.block_on(notifier.notify(&ledger, &warning("warn j-1")));
    rename("notices", "elsewhere");
    let reported = tell();
    assert!(
        reported.claimed && reported.trouble.is_some(),
        "{reported:?}"
    );
    assert!(!tell().claimed);
    rename("elsewhere", "notices");
    assert!(!tell().claimed, "people have heard it");
    assert_eq!(times.get(), 1);
}
