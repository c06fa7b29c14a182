//! Where the watchdog's records are kept and people are told from. Nothing that fails here keeps a
//! cluster from ending.

use crate::ledger::{AuditQuery, Ledger, LedgerError, Logged};
use crate::model::audit::Entry;
use crate::model::notice::Notice;
use crate::run::notify::{Delivery, Notifier};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::cell::RefCell;
use std::collections::BTreeMap;

#[async_trait(?Send)]
pub trait AuditSink {
    /// Adds to the record of what was done.
    fn note(&self, entry: &Entry);

    /// Tells people, unless they were told of the matter already; whether it was news.
    async fn tell(&self, notice: &Notice) -> bool;

    /// A matter is over: when it comes up again, it is news.
    fn forget(&self, matter: &str);

    /// Ends that were asked for, of which the record does not say that they came.
    fn open_terminations(&self) -> Vec<Entry>;

    /// The newest entries, the oldest of them first.
    fn recent(&self, most: usize) -> Vec<Entry>;

    /// What went out by each way since this process began: sent, failed.
    fn notices(&self) -> BTreeMap<String, (u64, u64)>;
}

/// A desk over the ledger and the ways to tell people.
pub struct LedgerAuditSink {
    ledger: RefCell<Ledger>,
    notifier: Notifier,
    /// Hears what goes wrong here.
    complain: Box<dyn Fn(&str)>,
}

impl LedgerAuditSink {
    pub fn new(ledger: Ledger, notifier: Notifier, complain: impl Fn(&str) + 'static) -> Self {
        Self {
            ledger: RefCell::new(ledger),
            notifier,
            complain: Box::new(complain),
        }
    }

    /// Tells again what did not get through.
    pub async fn retry(&self, now: DateTime<Utc>) {
        let told = self.notifier.retry(&self.ledger, now).await;
        self.report_failures(&told);
    }

    fn report_failures(&self, told: &Delivery) {
        for (way, why) in &told.failed {
            (self.complain)(&format!("a notice did not go out by {way}: {why}"));
        }
        if let Some(trouble) = &told.trouble {
            (self.complain)(trouble);
        }
    }

    fn read(&self, entries: Result<Vec<Logged>, LedgerError>) -> Vec<Entry> {
        let entries = entries.unwrap_or_else(|error| {
            (self.complain)(&error.to_string());
            Vec::new()
        });
        entries.into_iter().map(|logged| logged.entry).collect()
    }
}

#[async_trait(?Send)]
impl AuditSink for LedgerAuditSink {
    fn note(&self, entry: &Entry) {
        if let Err(error) = self.ledger.borrow_mut().note(entry) {
            (self.complain)(&format!("not on record: {error}: {entry:?}"));
        }
    }

    async fn tell(&self, notice: &Notice) -> bool {
        let told = self.notifier.tell(&self.ledger, notice).await;
        self.report_failures(&told);
        told.claimed
    }

    fn forget(&self, matter: &str) {
        if let Err(error) = self.notifier.forget(&self.ledger, matter) {
            (self.complain)(&error.to_string());
        }
    }

    fn open_terminations(&self) -> Vec<Entry> {
        let open = self.ledger.borrow().open_terminations();
        self.read(open)
    }

    fn recent(&self, most: usize) -> Vec<Entry> {
        let last = u32::try_from(most).ok();
        let asked = AuditQuery {
            last,
            ..AuditQuery::default()
        };
        let recent = self.ledger.borrow().entries(&asked);
        self.read(recent)
    }

    fn notices(&self) -> BTreeMap<String, (u64, u64)> {
        self.notifier.counts()
    }
}
