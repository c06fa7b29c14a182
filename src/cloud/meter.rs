//! Counts, times and logs calls.

use super::api::{ApiError, Call, Serve};
use super::call_log;
use crate::model::name::Region;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The statistics of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// The number of calls.
    pub calls: u64,
    /// The number of calls that failed.
    pub failed: u64,
    /// The total time of all calls.
    pub time: Duration,
}

/// Counts the calls that it passes on.
pub struct Metered<A> {
    /// Serves the calls.
    pub inner: A,
    /// The region in the log of calls.
    region: String,
    tallies: RefCell<BTreeMap<&'static str, Tally>>,
}

impl<A> Metered<A> {
    /// A counter without a region.
    pub const fn new(inner: A) -> Self {
        Self {
            inner,
            region: String::new(),
            tallies: RefCell::new(BTreeMap::new()),
        }
    }

    /// Sets the region that the calls go to.
    #[must_use]
    pub fn of(mut self, region: &Region) -> Self {
        self.region = region.to_string();
        self
    }

    /// The statistics so far, by operation.
    pub fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        self.tallies.borrow().clone()
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
