//! Where the watchdog records what it does, and from where it notifies people. A failure here never
//! keeps a cluster from ending.

use crate::ledger::{AuditQuery, Ledger, LedgerError, Logged};
use crate::model::audit::Entry;
use crate::model::notice::Notice;
use crate::run::notify::{Delivery, Notifier};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Records what the watchdog does, and notifies people.
#[async_trait(?Send)]
pub trait AuditSink {
    /// Appends an entry to the audit log.
    fn note(&self, entry: &Entry);

    /// Notifies people, unless they were notified of the matter already. Returns whether it was
    /// new.
    async fn notify(&self, notice: &Notice) -> bool;

    /// Marks a matter as over: if it comes up again, it is new.
    fn forget(&self, matter: &str);

    /// Terminations that were requested and are not recorded as confirmed.
    fn open_terminations(&self) -> Vec<Entry>;

    /// The newest `limit` entries, in order of time.
    fn recent(&self, limit: usize) -> Vec<Entry>;

    /// By channel, how many notices were sent and how many attempts failed since this process
    /// started.
    fn notices(&self) -> BTreeMap<String, (u64, u64)>;
}

/// An [`AuditSink`] that writes to the ledger and notifies through channels.
pub struct LedgerAuditSink {
    ledger: RefCell<Ledger>,
    notifier: Notifier,
    /// Receives error messages.
    on_error: Box<dyn Fn(&str)>,
}

impl LedgerAuditSink {
    /// An audit sink over this ledger and these channels. `on_error` receives messages about
    /// failures.
    pub fn new(ledger: Ledger, notifier: Notifier, on_error: impl Fn(&str) + 'static) -> Self {
        Self {
            ledger: RefCell::new(ledger),
            notifier,
            on_error: Box::new(on_error),
        }
    }

    /// Retries notices that could not be sent.
    pub async fn retry(&self, now: DateTime<Utc>) {
        let delivery = self.notifier.retry(&self.ledger, now).await;
        self.report_failures(&delivery);
    }

    /// Deletes what the ledger no longer keeps.
    pub fn prune(&self, now: DateTime<Utc>) {
        if let Err(error) = self.ledger.borrow_mut().prune(now) {
            (self.on_error)(&error.to_string());
        }
    }

    fn report_failures(&self, delivery: &Delivery) {
        for (channel, why) in &delivery.failed {
            (self.on_error)(&format!("a notice could not be sent by {channel}: {why}"));
        }
        if let Some(trouble) = &delivery.trouble {
            (self.on_error)(trouble);
        }
    }

    fn read(&self, entries: Result<Vec<Logged>, LedgerError>) -> Vec<Entry> {
        let entries = entries.unwrap_or_else(|error| {
            (self.on_error)(&error.to_string());
            Vec::new()
        });
        entries.into_iter().map(|logged| logged.entry).collect()
    }
}

#[async_trait(?Send)]
impl AuditSink for LedgerAuditSink {
    fn note(&self, entry: &Entry) {
        if let Err(error) = self.ledger.borrow_mut().note(entry) {
            (self.on_error)(&format!("not recorded: {error}: {entry:?}"));
        }
    }

    async fn notify(&self, notice: &Notice) -> bool {
        let delivery = self.notifier.notify(&self.ledger, notice).await;
        self.report_failures(&delivery);
        delivery.claimed
    }

    fn forget(&self, matter: &str) {
        if let Err(error) = self.notifier.forget(&self.ledger, matter) {
            (self.on_error)(&error.to_string());
        }
    }

    fn open_terminations(&self) -> Vec<Entry> {
        let open = self.ledger.borrow().open_terminations();
        self.read(open)
    }

    fn recent(&self, limit: usize) -> Vec<Entry> {
        let last = u32::try_from(limit).ok();
        let query = AuditQuery {
            last,
            ..AuditQuery::default()
        };
        let recent = self.ledger.borrow().entries(&query);
        self.read(recent)
    }

    fn notices(&self) -> BTreeMap<String, (u64, u64)> {
        self.notifier.counts()
    }
}
