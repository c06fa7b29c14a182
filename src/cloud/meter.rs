//! Counts, times and logs every call that goes through.

use super::api::{ApiError, Call, Serve};
use super::call_log;
use crate::model::name::Region;
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
    /// What the log of calls says beside each.
    region: String,
    tallies: RefCell<BTreeMap<&'static str, Tally>>,
}

impl<A> Metered<A> {
    pub const fn new(inner: A) -> Self {
        Self {
            inner,
            region: String::new(),
            tallies: RefCell::new(BTreeMap::new()),
        }
    }

    /// The calls go to this region.
    #[must_use]
    pub fn of(mut self, region: &Region) -> Self {
        self.region = region.to_string();
        self
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
        call_log::asked(&call, &self.region);
        let begun = Instant::now();
        let reply = self.inner.serve(call).await;
        let took = begun.elapsed();
        call_log::answered(C::NAME, &self.region, took, reply.as_ref().err());
        let mut tallies = self.tallies.borrow_mut();
        let tally = tallies.entry(C::NAME).or_default();
        tally.calls += 1;
        tally.failed += u64::from(reply.is_err());
        tally.time += took;
        reply
    }
}
