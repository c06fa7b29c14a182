//! Counts and times every call that goes through.

use super::api::{ApiError, Call, Serve};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What was made of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub calls: u64,
    /// Those of them that were not answered with their reply.
    pub failed: u64,
    pub time: Duration,
}

/// A service whose calls are counted.
pub struct Metered<A> {
    pub inner: A,
    tallies: RefCell<BTreeMap<&'static str, Tally>>,
}

impl<A> Metered<A> {
    pub const fn new(inner: A) -> Self {
        Self {
            inner,
            tallies: RefCell::new(BTreeMap::new()),
        }
    }

    /// The tallies so far, by the calls' names.
    pub fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        self.tallies.borrow().clone()
    }

    /// All calls so far.
    pub fn calls(&self) -> u64 {
        self.tallies
            .borrow()
            .values()
            .map(|tally| tally.calls)
            .sum()
    }
}

impl<C: Call, A: Serve<C>> Serve<C> for Metered<A> {
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let begun = Instant::now();
        let reply = self.inner.serve(call).await;
        let mut tallies = self.tallies.borrow_mut();
        let tally = tallies.entry(C::NAME).or_default();
        tally.calls += 1;
        tally.failed += u64::from(reply.is_err());
        tally.time += begun.elapsed();
        reply
    }
}
