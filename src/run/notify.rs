//! Notifies people once about each matter. A notice is claimed in the ledger, then sent to all
//! channels at once. A channel that fails delays nothing; it is retried a few times by later
//! sweeps.

use crate::cloud::notify::Channel;
use crate::ledger::{Ledger, LedgerError};
use crate::model::notice::Notice;
use chrono::{DateTime, Utc};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// The longest that a channel may take, whatever timeout it has itself.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a failed send of a notice is retried.
const MAX_RETRIES: u8 = 3;

/// How many failed sends wait for a retry; beyond that the oldest is dropped.
const MAX_PENDING: usize = 200;

/// The channels, and the failed sends that wait for a retry.
pub struct Notifier {
    channels: Vec<Box<dyn Channel>>,
    /// The channels' names, in order; the second of a kind is `slack-2`.
    names: Vec<String>,
    pending: RefCell<VecDeque<PendingSend>>,
    counts: RefCell<BTreeMap<String, (u64, u64)>>,
    /// Used instead of the ledger when it cannot be written: when each matter was last notified.
    unclaimed: RefCell<BTreeMap<String, DateTime<Utc>>>,
}

/// A notice that is to be sent, or sent again, on one channel.
struct PendingSend {
    notice: Notice,
    channel: usize,
    retries: u8,
}

/// The result of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Whether this call sent the notice: false if the matter was already notified.
    pub claimed: bool,
    /// The names of the channels that accepted it.
    pub sent: Vec<String>,
    /// The names of the channels that failed, and why.
    pub failed: Vec<(String, String)>,
    /// The ledger's error, if it could not be used. The notice is then deduplicated by this
    /// process's memory alone.
    pub trouble: Option<String>,
}

impl Notifier {
    /// A notifier over these channels.
    pub fn new(channels: Vec<Box<dyn Channel>>) -> Self {
        let names = names(&channels);
        let zero = |name: &String| (name.clone(), (0, 0));
        let counts = names.iter().map(zero).collect();
        Self {
            channels,
            names,
            pending: RefCell::default(),
            counts: RefCell::new(counts),
            unclaimed: RefCell::default(),
        }
    }

    /// Returns by channel how many notices were sent, and how many attempts failed.
    pub fn counts(&self) -> BTreeMap<String, (u64, u64)> {
        self.counts.borrow().clone()
    }

    /// Sends a notice on every channel, unless its matter was already notified and no reminder is
    /// due. Never fails; errors are in the result. If the process dies after the claim, the notice
    /// counts as sent.
    pub async fn notify(&self, ledger: &RefCell<Ledger>, notice: &Notice) -> Delivery {
        let mut delivery = self.claim(ledger, notice);
        if delivery.claimed {
            // The reminder replaces sends of the same matter that still wait.
            self.drop_pending(&notice.matter);
            let sends = (0..self.channels.len()).map(|channel| PendingSend {
                notice: notice.clone(),
                channel,
                retries: 0,
            });
            self.send_all(ledger, sends.collect(), notice.at, &mut delivery)
                .await;
        }
        delivery
    }

    /// Retries failed sends. Called once per sweep.
    pub async fn retry(&self, ledger: &RefCell<Ledger>, now: DateTime<Utc>) -> Delivery {
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        let retried = pending.into_iter().map(|pending| PendingSend {
            retries: pending.retries + 1,
            ..pending
        });
        let mut delivery = Delivery::default();
        self.send_all(ledger, retried.collect(), now, &mut delivery)
            .await;
        delivery
    }

    /// Marks a matter as over: pending sends are dropped, and if it comes up again it is notified
    /// again.
    ///
    /// # Errors
    /// Returns an error if the ledger cannot be written.
    pub fn forget(&self, ledger: &RefCell<Ledger>, matter: &str) -> Result<(), LedgerError> {
        self.drop_pending(matter);
        self.unclaimed.borrow_mut().remove(matter);
        ledger.borrow_mut().forget_matter(matter)
    }

    fn drop_pending(&self, matter: &str) {
        let mut pending = self.pending.borrow_mut();
        pending.retain(|send| send.notice.matter != matter);
    }

    fn claim(&self, ledger: &RefCell<Ledger>, notice: &Notice) -> Delivery {
        let claim = ledger
            .borrow_mut()
            .claim(&notice.matter, notice.at, notice.remind_after);
        match claim {
            Ok(claimed) => Delivery {
                // It may have been notified while the ledger could not be written.
                claimed: claimed && self.unclaimed.borrow_mut().remove(&notice.matter).is_none(),
                ..Delivery::default()
            },
            Err(error) => Delivery {
                claimed: self.claim_here(notice),
                trouble: Some(error.to_string()),
                ..Delivery::default()
            },
        }
    }

    /// Claims a matter in memory, so that people are warned even if the disk is full.
    fn claim_here(&self, notice: &Notice) -> bool {
        let mut notified = self.unclaimed.borrow_mut();
        let due = notified.get(&notice.matter).is_none_or(|&at| {
            let interval = notice.remind_after;
            interval.is_some_and(|interval| notice.at >= at + interval.delta())
        });
        if due {
            notified.insert(notice.matter.clone(), notice.at);
        }
        due
    }

    /// Sends notices at the same time; failed ones wait for a retry or are dropped.
    async fn send_all(
        &self,
        ledger: &RefCell<Ledger>,
        all: Vec<PendingSend>,
        at: DateTime<Utc>,
        delivery: &mut Delivery,
    ) {
        let attempts = all.iter().map(|pending| self.attempt(pending));
        let outcomes = join_all(attempts.collect()).await;
        for (pending, outcome) in all.into_iter().zip(outcomes) {
            let name = self.names[pending.channel].clone();
            let outcome_text = match &outcome {
                Ok(()) => "sent".to_owned(),
                Err(why) if pending.retries < MAX_RETRIES => format!("to be tried again: {why}"),
                Err(why) => format!("failed: {why}"),
            };
            let recorded =
                ledger
                    .borrow_mut()
                    .sent(&pending.notice.matter, &name, at, &outcome_text);
            if let Err(error) = recorded {
                delivery.trouble.get_or_insert(error.to_string());
            }
            self.count(&name, outcome.is_ok());
            match outcome {
                Ok(()) => delivery.sent.push(name),
                Err(why) => {
                    delivery.failed.push((name, why));
                    self.keep(pending);
                }
            }
        }
    }

    async fn attempt(&self, pending: &PendingSend) -> Result<(), String> {
        let sending = self.channels[pending.channel].send(&pending.notice);
        match tokio::time::timeout(SEND_TIMEOUT, sending).await {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    fn count(&self, name: &str, sent: bool) {
        let mut counts = self.counts.borrow_mut();
        let (good, bad) = counts.entry(name.to_owned()).or_default();
        if sent { *good += 1 } else { *bad += 1 }
    }

    fn keep(&self, send: PendingSend) {
        let mut pending = self.pending.borrow_mut();
        if send.retries < MAX_RETRIES {
            pending.push_back(send);
        }
        if pending.len() > MAX_PENDING {
            pending.pop_front();
        }
    }
}

/// Gives each channel a name of its own, so that counts and records are not mixed up.
fn names(channels: &[Box<dyn Channel>]) -> Vec<String> {
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    let unique = channels.iter().map(|channel| {
        let number = used.entry(channel.name()).or_default();
        *number += 1;
        match number {
            1 => channel.name().to_owned(),
            number => format!("{}-{number}", channel.name()),
        }
    });
    unique.collect()
}

/// Runs all futures at the same time and returns their results in order.
pub(super) async fn join_all<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut open: Vec<Pin<Box<_>>> = all.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = open.iter().map(|_| None).collect();
    let mut work = pin!(std::future::poll_fn(|context| {
        for (future, done) in open.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
    work.as_mut().await;
    done.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
