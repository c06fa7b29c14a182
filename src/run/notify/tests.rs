//! A notice is sent once on each channel, although channels fail, are slow, or the process dies.

use super::{Delivery, MAX_RETRIES, Notifier, SEND_TIMEOUT};
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

struct FakeChannel {
    name: &'static str,
    takes: Option<Duration>,
    fails: Rc<Cell<bool>>,
    sent: Rc<RefCell<Vec<String>>>,
}

#[async_trait(?Send)]
impl Channel for FakeChannel {
    fn name(&self) -> &str {
        self.name
    }

    async fn send(&self, notice: &Notice) -> Result<(), CloudError> {
        match self.takes {
            Some(takes) => tokio::time::sleep(takes).await,
            None => std::future::pending().await,
        }
        if self.fails.get() {
            return Err(CloudError::new(Class::Unreachable, "it is down"));
        }
        self.sent.borrow_mut().push(notice.title.clone());
        Ok(())
    }
}

type Handles = (Rc<Cell<bool>>, Rc<RefCell<Vec<String>>>);

fn channel(name: &'static str, takes: Option<u64>) -> (Box<dyn Channel>, Handles) {
    let fails = Rc::<Cell<bool>>::default();
    let sent = Rc::default();
    let takes = takes.map(Duration::from_secs);
    let handles = (Rc::clone(&fails), Rc::clone(&sent));
    (
        Box::new(FakeChannel {
            name,
            takes,
            fails,
            sent,
        }),
        handles,
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
async fn a_failing_channel_does_not_delay_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (dead, _) = channel("dead", None);
    let (broken, (fails, _)) = channel("broken", Some(0));
    let (good, (_, sent)) = channel("good", Some(1));
    fails.set(true);
    let notifier = Notifier::new(vec![dead, broken, good]);
    let begun = tokio::time::Instant::now();
    let delivery = notifier.notify(&ledger, &notice(0)).await;
    assert_eq!(begun.elapsed(), SEND_TIMEOUT, "they are notified at once");
    assert_eq!(delivery.sent, ["good"]);
    let failed = |name: &str, why: &str| (name.to_owned(), why.to_owned());
    let expected = [
        failed("dead", "no answer in time"),
        failed("broken", "it is down"),
    ];
    assert_eq!(delivery.failed, expected);
    assert_eq!(*sent.borrow(), ["told at 0"]);
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
async fn a_matter_is_notified_once_and_then_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (good, (_, sent)) = channel("good", Some(0));
    let notifier = Notifier::new(vec![good]);
    assert!(notifier.notify(&ledger, &notice(0)).await.claimed);
    assert_eq!(
        notifier.notify(&ledger, &notice(5)).await,
        Delivery::default()
    );
    assert!(notifier.notify(&ledger, &notice(60)).await.claimed);
    notifier.forget(&ledger, "warn j-1").unwrap();
    assert!(notifier.notify(&ledger, &notice(61)).await.claimed);
    assert_eq!(*sent.borrow(), ["told at 0", "told at 60", "told at 61"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_send_is_retried_a_few_times() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (bad, (fails, sent)) = channel("bad", Some(0));
    let (good, (_, others)) = channel("good", Some(0));
    let notifier = Notifier::new(vec![bad, good]);
    fails.set(true);
    notifier.notify(&ledger, &notice(0)).await;
    assert_eq!(notifier.retry(&ledger, at(1)).await.failed.len(), 1);
    let outcome = || ledger.borrow().last_outcome("warn j-1", "bad");
    assert_eq!(outcome(), "to be tried again: it is down");
    fails.set(false);
    assert_eq!(notifier.retry(&ledger, at(2)).await.sent, ["bad"]);
    assert_eq!(notifier.retry(&ledger, at(3)).await, Delivery::default());
    assert_eq!(outcome(), "sent");
    fails.set(true);
    notifier.notify(&ledger, &notice(60)).await;
    for minute in 61..70 {
        notifier.retry(&ledger, at(minute)).await;
    }
    assert_eq!(outcome(), "failed: it is down");
    assert_eq!(
        notifier.counts()["bad"],
        (1, 2 + 1 + u64::from(MAX_RETRIES))
    );
    assert_eq!(*sent.borrow(), ["told at 0"]);
    assert_eq!(
        *others.borrow(),
        ["told at 0", "told at 60"],
        "who heard it hears it once"
    );
}

#[tokio::test(start_paused = true)]
async fn a_matter_that_is_over_is_not_sent_late() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let (bad, (fails, sent)) = channel("bad", Some(0));
    let notifier = Notifier::new(vec![bad]);
    fails.set(true);
    notifier.notify(&ledger, &notice(0)).await;
    notifier.forget(&ledger, "warn j-1").unwrap();
    fails.set(false);
    assert_eq!(notifier.retry(&ledger, at(1)).await, Delivery::default());
    assert!(sent.borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_channels_of_a_kind_have_different_names() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let ((one, (fails, _)), (two, (_, sent))) =
        (channel("slack", Some(0)), channel("slack", Some(0)));
    fails.set(true);
    let notifier = Notifier::new(vec![one, two]);
    assert_eq!(notifier.notify(&ledger, &notice(0)).await.sent, ["slack-2"]);
    fails.set(false);
    assert_eq!(notifier.retry(&ledger, at(1)).await.sent, ["slack"]);
    assert_eq!(notifier.counts()["slack-2"], (1, 0));
    assert_eq!(sent.borrow().len(), 1);
}
