//! Refuses calls beyond EMR's documented rates, as AWS throttles an account.

use clusterup::cloud::api::{ApiError, Call, Kind, Serve};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Burst and calls per second of each operation (AWS General Reference, "Amazon EMR endpoints and
/// quotas").
const RATES: [(&str, f64, f64); 8] = [
    ("elasticmapreduce:DescribeCluster", 10.0, 1.0),
    ("elasticmapreduce:ListInstanceGroups", 10.0, 1.0),
    ("elasticmapreduce:ListClusters", 20.0, 0.5),
    ("elasticmapreduce:ListSteps", 10.0, 0.5),
    ("elasticmapreduce:TerminateJobFlows", 10.0, 0.5),
    ("elasticmapreduce:AddTags", 5.0, 0.5),
    ("elasticmapreduce:RemoveTags", 5.0, 0.5),
    ("elasticmapreduce:GetAutoTerminationPolicy", 5.0, 0.5),
];

/// Passes on what the rates allow.
pub struct Rated<A> {
    /// Serves the calls that are allowed.
    pub inner: A,
    buckets: RefCell<BTreeMap<&'static str, (f64, Instant)>>,
    throttled: Cell<u64>,
}

impl<A> Rated<A> {
    /// Full buckets.
    pub fn new(inner: A) -> Self {
        Self {
            inner,
            buckets: RefCell::default(),
            throttled: Cell::new(0),
        }
    }

    /// The number of calls that were refused.
    pub fn throttled(&self) -> u64 {
        self.throttled.get()
    }

    fn allows(&self, call: &'static str) -> bool {
        let Some((_, burst, rate)) = RATES.iter().find(|(name, ..)| *name == call) else {
            return true;
        };
        let now = Instant::now();
        let mut buckets = self.buckets.borrow_mut();
        let (tokens, at) = buckets.entry(call).or_insert((*burst, now));
        *tokens = (*tokens + (now - *at).as_secs_f64() * rate).min(*burst);
        *at = now;
        let allowed = *tokens >= 1.0;
        if allowed {
            *tokens -= 1.0;
        }
        allowed
    }
}

impl<C: Call, A: Serve<C>> Serve<C> for Rated<A> {
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        if self.allows(C::NAME) {
            return self.inner.serve(call).await;
        }
        self.throttled.set(self.throttled.get() + 1);
        Err(ApiError {
            call: C::NAME,
            kind: Kind::Throttled,
            code: Some("ThrottlingException".to_owned()),
            message: "Rate exceeded".to_owned(),
            cause: None,
        })
    }
}
