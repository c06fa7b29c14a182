//! One matter, many ways: who is dead, slow or killed keeps nobody from hearing it once.

use super::{Delivery, MAX_RETRIES, Notifier};
use crate::cloud::notify::Channel;
use crate::cloud::{Class, CloudError};
use crate::ledger::Ledger;
use crate::model::notice::{Level, Notice};
use crate::model::span::Span;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

struct Way {
    name: &'static str,
    takes: Option<Duration>,
    fails: Rc<Cell<bool>>,
    heard: Rc<RefCell<Vec<String>>>,
}

#[async_trait(?Send)]
impl Channel for Way {
    fn name(&self) -> &str {
        self.name
    }

    async fn say(&self, notice: &Notice) -> Result<(), CloudError> {
        match self.takes {
            Some(takes) => tokio::time::sleep(takes).await,
            None => std::future::pending().await,
        }
        if self.fails.get() {
            return Err(CloudError::new(Class::Unreachable, "it is down"));
        }
        self.heard.borrow_mut().push(notice.title.clone());
        Ok(())
    }
}

type Ears = (Rc<Cell<bool>>, Rc<RefCell<Vec<String>>>);

fn way(name: &'static str, takes: Option<u64>) -> (Box<dyn Channel>, Ears) {
    let fails = Rc::<Cell<bool>>::default();
    let heard = Rc::default();
    let takes = takes.map(Duration::from_secs);
    let ears = (Rc::clone(&fails), Rc::clone(&heard));
    (
        Box::new(Way {
            name,
            takes,
            fails,
            heard,
        }),
        ears,
    )
}

fn at(minute: i64) -> DateTime<Utc> {
    let noon: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
    noon + TimeDelta::minutes(minute)
}

fn notice(minute: i64) -> Notice {
    Notice {
        at: at(minute),
        matter: "warn j-1".to_owned(),
        level: Level::Warning,
        title: format!("told at {minute}"),
        facts: Vec::new(),
        command: None,
        remind_after: Some(Span::from_secs(3_600)),
    }
}

fn ledger(folder: &Path) -> RefCell<Ledger> {
    let opened = Ledger::open(&folder.join("ledger.db"), at(0)).unwrap();
    RefCell::new(opened.ledger)
}

#[tokio::test(start_paused = true)]
async fn a_dead_way_delays_and_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (dead, _) = way("dead", None);
    let (broken, (fails, _)) = way("broken", Some(0));
    let (good, (_, heard)) = way("good", Some(1));
    fails.set(true);
    let notifier = Notifier::new(vec![dead, broken, good]).with_timeout(Duration::from_secs(5));
    let begun = tokio::time::Instant::now();
    let told = notifier.tell(&ledger, &notice(0)).await;
    assert_eq!(
        begun.elapsed(),
        Duration::from_secs(5),
        "they are told at once"
    );
    assert_eq!(told.sent, ["good"]);
    let failed = |name: &str, why: &str| (name.to_owned(), why.to_owned());
    let expected = [
        failed("dead", "no answer in time"),
        failed("broken", "it is down"),
    ];
    assert_eq!(told.failed, expected);
    assert_eq!(*heard.borrow(), ["told at 0"]);
    let counts: Vec<_> = notifier.counts().into_iter().collect();
    let count = |name: &str, sent, failed| (name.to_owned(), (sent, failed));
    assert_eq!(
        counts,
        [
            count("broken", 0, 1),
            count("dead", 0, 1),
            count("good", 1, 0)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn one_matter_is_told_once_and_then_reminded_of() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (good, (_, heard)) = way("good", Some(0));
    let notifier = Notifier::new(vec![good]);
    assert!(notifier.tell(&ledger, &notice(0)).await.claimed);
    assert_eq!(
        notifier.tell(&ledger, &notice(5)).await,
        Delivery::default()
    );
    assert!(notifier.tell(&ledger, &notice(60)).await.claimed);
    notifier.forget(&ledger, "warn j-1").unwrap();
    assert!(notifier.tell(&ledger, &notice(61)).await.claimed);
    assert_eq!(*heard.borrow(), ["told at 0", "told at 60", "told at 61"]);
}

#[tokio::test(start_paused = true)]
async fn a_way_that_failed_is_tried_again_a_few_times() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (bad, (fails, heard)) = way("bad", Some(0));
    let (good, (_, others)) = way("good", Some(0));
    let notifier = Notifier::new(vec![bad, good]);
    fails.set(true);
    notifier.tell(&ledger, &notice(0)).await;
    assert_eq!(notifier.retry(&ledger, at(1)).await.failed.len(), 1);
    let told = |ledger: &RefCell<Ledger>| ledger.borrow().last_outcome("warn j-1", "bad").unwrap();
    assert_eq!(told(&ledger).unwrap(), "to be tried again: it is down");
    fails.set(false);
    assert_eq!(notifier.retry(&ledger, at(2)).await.sent, ["bad"]);
    assert_eq!(notifier.retry(&ledger, at(3)).await, Delivery::default());
    assert_eq!(told(&ledger).unwrap(), "sent");
    fails.set(true);
    notifier.tell(&ledger, &notice(60)).await;
    for minute in 61..70 {
        notifier.retry(&ledger, at(minute)).await;
    }
    assert_eq!(told(&ledger).unwrap(), "failed: it is down");
    assert_eq!(
        notifier.counts()["bad"],
        (1, 2 + 1 + u64::from(MAX_RETRIES))
    );
    assert_eq!(*heard.borrow(), ["told at 0"]);
    assert_eq!(
        *others.borrow(),
        ["told at 0", "told at 60"],
        "who heard it hears it once"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_not_told_late() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (bad, (fails, heard)) = way("bad", Some(0));
    let notifier = Notifier::new(vec![bad]);
    fails.set(true);
    notifier.tell(&ledger, &notice(0)).await;
    notifier.forget(&ledger, "warn j-1").unwrap();
    fails.set(false);
    assert_eq!(notifier.retry(&ledger, at(1)).await, Delivery::default());
    assert!(heard.borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_of_a_kind_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let ((one, (fails, _)), (two, (_, heard))) = (way("slack", Some(0)), way("slack", Some(0)));
    fails.set(true);
    let notifier = Notifier::new(vec![one, two]);
    assert_eq!(notifier.tell(&ledger, &notice(0)).await.sent, ["slack-2"]);
    fails.set(false);
    assert_eq!(notifier.retry(&ledger, at(1)).await.sent, ["slack"]);
    assert_eq!(notifier.counts()["slack-2"], (1, 0));
    assert_eq!(heard.borrow().len(), 1);
}
