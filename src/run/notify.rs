//! Telling people, once: a matter is claimed in the ledger, then said in every way at once. A way
//! that is dead holds up nobody and fails nobody; it is tried again with later sweeps, a few times.

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

/// How long each way may take, whatever it promises.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often a way that failed is tried again with one notice.
const RETRIES: u8 = 3;

/// What is kept to be tried again; beyond that the oldest is given up.
const WAITING: usize = 200;

/// The ways to tell people, and what waits to be told.
pub struct Notifier {
    voices: Vec<Box<dyn Channel>>,
    /// Theirs, in order; the second of a kind is `slack-2`.
    names: Vec<String>,
    patience: Duration,
    late: RefCell<VecDeque<Late>>,
    counts: RefCell<BTreeMap<String, (u64, u64)>>,
    /// Stands in for the ledger where that cannot be had: when each matter was told.
    unclaimed: RefCell<BTreeMap<String, DateTime<Utc>>>,
}

/// A notice that one way did not get through.
struct Late {
    notice: Notice,
    voice: usize,
    retries: u8,
}

/// What came of telling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Whether it was ours to tell: false where people have heard it.
    pub claimed: bool,
    /// The ways that took it.
    pub sent: Vec<String>,
    /// The ways that did not, and why.
    pub failed: Vec<(String, String)>,
    /// What the ledger said no with: it was told by this process's own memory.
    pub trouble: Option<String>,
}

impl Notifier {
    pub fn new(voices: Vec<Box<dyn Channel>>) -> Self {
        let names = names(&voices);
        let silent = |name: &String| (name.clone(), (0, 0));
        let counts = names.iter().map(silent).collect();
        Self {
            voices,
            names,
            patience: PATIENCE,
            late: RefCell::default(),
            counts: RefCell::new(counts),
            unclaimed: RefCell::default(),
        }
    }

    /// With another time for each way.
    #[must_use]
    pub const fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// By the way's name: how many notices it took, and how many attempts failed.
    pub fn counts(&self) -> BTreeMap<String, (u64, u64)> {
        self.counts.borrow().clone()
    }

    /// Tells a notice in every way, if nobody has yet, or a reminder is due. Never fails; what went
    /// wrong is told. Whoever dies between the claim and the end of this has told it for all that
    /// come after.
    pub async fn tell(&self, ledger: &RefCell<Ledger>, notice: &Notice) -> Delivery {
        let mut told = self.claim(ledger, notice);
        if told.claimed {
            // A reminder says all that waits to be said of its matter.
            self.drop_late(&notice.matter);
            let fresh = (0..self.voices.len()).map(|voice| Late {
                notice: notice.clone(),
                voice,
                retries: 0,
            });
            self.say(ledger, fresh.collect(), notice.at, &mut told)
                .await;
        }
        told
    }

    /// Tries again what did not get through; to be called once a sweep.
    pub async fn retry(&self, ledger: &RefCell<Ledger>, now: DateTime<Utc>) -> Delivery {
        let waiting = std::mem::take(&mut *self.late.borrow_mut());
        let again = waiting.into_iter().map(|late| Late {
            retries: late.retries + 1,
            ..late
        });
        let mut told = Delivery::default();
        self.say(ledger, again.collect(), now, &mut told).await;
        told
    }

    /// A matter is over: it is told anew should it come back, and what waits of it is not told.
    ///
    /// # Errors
    /// What the ledger said no with.
    pub fn forget(&self, ledger: &RefCell<Ledger>, matter: &str) -> Result<(), LedgerError> {
        self.drop_late(matter);
        self.unclaimed.borrow_mut().remove(matter);
        ledger.borrow_mut().forget_matter(matter)
    }

    fn drop_late(&self, matter: &str) {
        let mut late = self.late.borrow_mut();
        late.retain(|waiting| waiting.notice.matter != matter);
    }

    fn claim(&self, ledger: &RefCell<Ledger>, notice: &Notice) -> Delivery {
        let claim = ledger
            .borrow_mut()
            .claim(&notice.matter, notice.at, notice.remind_after);
        match claim {
            Ok(claimed) => Delivery {
                // It may have been told while the ledger could not be had.
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

    /// People are warned of an end even where the disk is full.
    fn claim_here(&self, notice: &Notice) -> bool {
        let mut told = self.unclaimed.borrow_mut();
        let due = told.get(&notice.matter).is_none_or(|&at| {
            let pause = notice.remind_after;
            pause.is_some_and(|pause| notice.at >= at + pause.delta())
        });
        if due {
            told.insert(notice.matter.clone(), notice.at);
        }
        due
    }

    /// Says notices in their ways, all at once; what fails waits, or is given up.
    async fn say(
        &self,
        ledger: &RefCell<Ledger>,
        all: Vec<Late>,
        at: DateTime<Utc>,
        told: &mut Delivery,
    ) {
        let attempts = all.iter().map(|late| self.attempt(late));
        let outcomes = together(attempts.collect()).await;
        for (late, outcome) in all.into_iter().zip(outcomes) {
            let name = self.names[late.voice].clone();
            let says = match &outcome {
                Ok(()) => "sent".to_owned(),
                Err(why) if late.retries < RETRIES => format!("to be tried again: {why}"),
                Err(why) => format!("failed: {why}"),
            };
            let noted = ledger
                .borrow_mut()
                .sent(&late.notice.matter, &name, at, &says);
            if let Err(error) = noted {
                told.trouble.get_or_insert(error.to_string());
            }
            self.count(&name, outcome.is_ok());
            match outcome {
                Ok(()) => told.sent.push(name),
                Err(why) => {
                    told.failed.push((name, why));
                    self.keep(late);
                }
            }
        }
    }

    async fn attempt(&self, late: &Late) -> Result<(), String> {
        let said = self.voices[late.voice].say(&late.notice);
        match tokio::time::timeout(self.patience, said).await {
            Ok(said) => said.map_err(|error| error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    fn count(&self, name: &str, sent: bool) {
        let mut counts = self.counts.borrow_mut();
        let (good, bad) = counts.entry(name.to_owned()).or_default();
        if sent { *good += 1 } else { *bad += 1 }
    }

    fn keep(&self, late: Late) {
        let mut waiting = self.late.borrow_mut();
        if late.retries < RETRIES {
            waiting.push_back(late);
        }
        if waiting.len() > WAITING {
            waiting.pop_front();
        }
    }
}

/// One name each, so that none is counted or recorded as another.
fn names(voices: &[Box<dyn Channel>]) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let named = voices.iter().map(|voice| {
        let number = seen.entry(voice.name()).or_default();
        *number += 1;
        match number {
            1 => voice.name().to_owned(),
            number => format!("{}-{number}", voice.name()),
        }
    });
    named.collect()
}

/// The ends of all, in order; none waits for another.
async fn together<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
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
