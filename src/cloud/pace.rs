//! Limits the rate of calls to what AWS allows an account: a token bucket for each operation, whose
//! rate is halved when AWS throttles.

use super::api::{ApiError, Call, Kind, Serve};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Burst and calls per second of all operations together, and of those without a row in [`QUOTAS`].
const ALL: (f64, f64) = (200.0, 50.0);

/// Burst and calls per second (AWS General Reference, "Amazon EMR endpoints and quotas").
const QUOTAS: &[(&[&str], (f64, f64))] = &[
    (&["DescribeCluster", "ListInstanceGroups"], (10.0, 1.0)),
    (&["ListClusters"], (20.0, 0.5)),
    (
        &[
            "RunJobFlow",
            "TerminateJobFlows",
            "AddJobFlowSteps",
            "ModifyCluster",
            "ListSteps",
        ],
        (10.0, 0.5),
    ),
    (
        &[
            "AddTags",
            "RemoveTags",
            "GetAutoTerminationPolicy",
            "PutAutoTerminationPolicy",
            "RemoveAutoTerminationPolicy",
            "ModifyInstanceGroups",
            "ListReleaseLabels",
        ],
        (5.0, 0.5),
    ),
    (&["SetTerminationProtection"], (5.0, 0.2)),
];

/// The smallest part of its quota to which a rate is halved.
const FLOOR: f64 = 0.125;

/// Seconds in which a rate recovers from zero to its quota.
const RECOVERY: f64 = 600.0;

fn quota(call: &str) -> Option<(f64, f64)> {
    let operation = call.strip_prefix("elasticmapreduce:")?;
    let mut rows = QUOTAS.iter();
    let row = rows.find(|(operations, _)| operations.contains(&operation));
    row.map(|(_, quota)| *quota)
}

/// Delays calls until their token buckets allow them.
pub struct Paced<A> {
    /// Serves the calls.
    pub inner: A,
    all: RefCell<Bucket>,
    own: RefCell<BTreeMap<&'static str, Bucket>>,
}

impl<A> Paced<A> {
    /// Full buckets for all operations.
    pub fn new(inner: A) -> Self {
        Self {
            inner,
            all: RefCell::new(Bucket::full(ALL)),
            own: RefCell::default(),
        }
    }

    /// Takes the tokens that a call needs and returns how long it has to wait for them.
    fn turn(&self, call: &'static str) -> Duration {
        let now = Instant::now();
        let all = self.all.borrow_mut().take(now);
        let Some(quota) = quota(call) else {
            return all;
        };
        let mut own = self.own.borrow_mut();
        let bucket = own.entry(call).or_insert_with(|| Bucket::full(quota));
        bucket.take(now).max(all)
    }

    /// After a throttle: others use the account too, or its quotas are smaller than the default.
    fn slow_down(&self, call: &'static str) {
        let now = Instant::now();
        match self.own.borrow_mut().get_mut(call) {
            Some(own) => own.halve(now),
            None => self.all.borrow_mut().halve(now),
        }
    }
}

impl<C: Call, A: Serve<C>> Serve<C> for Paced<A> {
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let wait = self.turn(C::NAME);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let reply = self.inner.serve(call).await;
        if let Err(error) = &reply
            && error.kind == Kind::Throttled
        {
            self.slow_down(C::NAME);
        }
        reply
    }
}

struct Bucket {
    burst: f64,
    /// Tokens per second at the quota.
    whole: f64,
    /// Tokens per second now.
    rate: f64,
    /// Negative while calls wait for tokens that they have taken already.
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full((burst, rate): (f64, f64)) -> Self {
        Self {
            burst,
            whole: rate,
            rate,
            tokens: burst,
            at: Instant::now(),
        }
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        self.rate = (self.rate + self.whole * passed / RECOVERY).min(self.whole);
    }

    /// Callers wait in the order in which they take tokens.
    fn take(&mut self, now: Instant) -> Duration {
        self.refill(now);
        self.tokens -= 1.0;
        Duration::from_secs_f64((-self.tokens).max(0.0) / self.rate)
    }

    /// Also empties the bucket: a throttle means that AWS has no tokens left.
    fn halve(&mut self, now: Instant) {
        self.refill(now);
        self.rate = (self.rate / 2.0).max(self.whole * FLOOR);
        self.tokens = self.tokens.min(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::Kind;
    use crate::cloud::api::emr::{DescribeCluster, ListSteps};
    use crate::cloud::api::sts::GetCallerIdentity;
    use std::cell::Cell;
    use std::future::Future;

    /// Answers every call at once with an error of this kind.
    struct Failing(Cell<Kind>);

    impl<C: Call> Serve<C> for Failing {
        async fn serve(&self, _: C) -> Result<C::Reply, ApiError> {
            Err(ApiError {
                call: C::NAME,
                kind: self.0.get(),
                code: None,
                message: String::new(),
                cause: None,
            })
        }
    }

    fn paced(kind: Kind) -> Paced<Failing> {
        Paced::new(Failing(Cell::new(kind)))
    }

    fn run<F: Future>(work: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(work)
    }

    async fn look(paced: &Paced<Failing>) {
        let id = "j-1".to_owned();
        let _ = paced.serve(DescribeCluster { id }).await;
    }

    #[test]
    fn calls_beyond_the_burst_wait() {
        run(async {
            let paced = paced(Kind::NotFound);
            let begun = Instant::now();
            for _ in 0..10 {
                look(&paced).await;
            }
            assert!(begun.elapsed() < Duration::from_millis(100));
            for _ in 0..5 {
                look(&paced).await;
            }
            let took = begun.elapsed().as_secs_f64();
            assert!((4.9..5.2).contains(&took), "{took}");
        });
    }

    #[test]
    fn calls_wait_for_their_own_operation_only() {
        run(async {
            let paced = paced(Kind::NotFound);
            for _ in 0..12 {
                look(&paced).await;
            }
            let begun = Instant::now();
            let id = "j-1".to_owned();
            let next = None;
            let _ = paced.serve(ListSteps { id, next }).await;
            for _ in 0..50 {
                let _ = paced.serve(GetCallerIdentity).await;
            }
            assert!(begun.elapsed() < Duration::from_millis(200));
        });
    }

    #[test]
    fn concurrent_callers_are_served_one_by_one() {
        run(async {
            let paced = paced(Kind::NotFound);
            for _ in 0..10 {
                look(&paced).await;
            }
            let begun = Instant::now();
            tokio::join!(look(&paced), look(&paced), look(&paced));
            let took = begun.elapsed().as_secs_f64();
            assert!((2.9..3.2).contains(&took), "{took}");
        });
    }

    #[test]
    fn a_throttle_halves_the_rate_down_to_a_floor_and_it_recovers() {
        run(async {
            let paced = paced(Kind::Throttled);
            let rate = || paced.own.borrow()["elasticmapreduce:DescribeCluster"].rate;
            look(&paced).await;
            assert!((rate() - 0.5).abs() < 0.01, "{}", rate());
            // The burst is used up: the next call waits for two seconds.
            let begun = Instant::now();
            look(&paced).await;
            assert!(begun.elapsed() > Duration::from_millis(1_900));
            for _ in 0..10 {
                look(&paced).await;
            }
            assert!((0.12..0.2).contains(&rate()), "{}", rate());
            paced.inner.0.set(Kind::NotFound);
            tokio::time::sleep(Duration::from_secs(300)).await;
            look(&paced).await;
            assert!((0.5..0.8).contains(&rate()), "{}", rate());
            tokio::time::sleep(Duration::from_secs(600)).await;
            look(&paced).await;
            assert!((rate() - 1.0).abs() < 0.01, "{}", rate());
        });
    }
}
