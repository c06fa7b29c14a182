//! A service with faults: random ones from a seed, or one at a chosen call.

use crate::chance::Chance as _;
use clusterup::cloud::api::{ApiError, Call, Kind, Serve};
use clusterup::cloud::rng::Rng;
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::time::Duration;
use tokio::sync::Notify;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not done: too many calls.
    Throttle,
    /// The call is not carried out and there is no reply: the connection breaks.
    Unsent,
    /// The call is carried out and its reply is lost.
    Lost,
    /// Done, late.
    Slow(Duration),
    /// The caller dies before the call is made.
    DieBefore,
    /// The caller dies after the call is carried out and before it gets the reply.
    DieAfter,
}

/// A call that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The call's number, counted from 1.
    pub number: u64,
    /// The name of the API operation.
    pub call: &'static str,
    /// Whether the call changes something.
    pub changes: bool,
}

thread_local! {
    /// How many more faults happen on this thread.
    static FAULTS_LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Lets only so many faults happen on this thread from now on: a world that fails with few is easier to
/// understand.
pub fn allow_faults(most: u64) {
    FAULTS_LEFT.set(most);
}

/// Counts a fault that is about to happen; false if no more are allowed.
fn is_allowed() -> bool {
    let left = FAULTS_LEFT.get();
    FAULTS_LEFT.set(left.saturating_sub(1));
    left > 0
}

type Chooser = Box<dyn FnMut(Moment) -> Option<Fault>>;

/// A service with faults between it and its caller.
pub struct Flaky<A> {
    /// The service without faults.
    pub inner: A,
    choose: RefCell<Chooser>,
    calls: Cell<u64>,
    died: Notify,
}

impl<A> Flaky<A> {
    /// Wraps a service. `choose` returns the fault of each call, or `None`.
    pub fn new(inner: A, choose: impl FnMut(Moment) -> Option<Fault> + 'static) -> Self {
        Self {
            inner,
            choose: RefCell::new(Box::new(choose)),
            calls: Cell::new(0),
            died: Notify::new(),
        }
    }

    /// Faults in about `percent` % of the calls, of every kind except death.
    pub fn seeded(inner: A, seed: u64, percent: u64) -> Self {
        let rng = Rng::new(seed);
        Self::new(inner, move |_| {
            rng.percent(percent).then(|| match rng.below(4) {
                0 => Fault::Throttle,
                1 => Fault::Unsent,
                2 => Fault::Lost,
                _ => Fault::Slow(rng.up_to(Duration::from_secs(20))),
            })
        })
    }

    /// Changes what goes wrong from now on.
    pub fn become_flaky(&self, choose: impl FnMut(Moment) -> Option<Fault> + 'static) {
        *self.choose.borrow_mut() = Box::new(choose);
    }

    /// Calls made so far.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// Comes when the caller has died: its work is then to be dropped.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    async fn die(&self) -> ! {
        self.died.notify_one();
        pending().await
    }
}

fn broken(call: &'static str) -> ApiError {
    ApiError {
        call,
        kind: Kind::OutcomeUnknown,
        code: None,
        message: "the connection broke before an answer came".to_owned(),
        cause: None,
    }
}

impl<C: Call, A: Serve<C>> Serve<C> for Flaky<A> {
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let number = self.calls.get() + 1;
        self.calls.set(number);
        let moment = Moment {
            number,
            call: C::NAME,
            changes: C::CHANGES,
        };
        let fault = (self.choose.borrow_mut())(moment).filter(|_| is_allowed());
        match fault {
            None => self.inner.serve(call).await,
            Some(Fault::Throttle) => Err(ApiError {
                call: C::NAME,
                kind: Kind::Throttled,
                code: Some("ThrottlingException".to_owned()),
                message: "Rate exceeded".to_owned(),
                cause: None,
            }),
            Some(Fault::Unsent) => Err(broken(C::NAME)),
            Some(Fault::Lost) => {
                let _ = self.inner.serve(call).await;
                Err(broken(C::NAME))
            }
            Some(Fault::Slow(by)) => {
                tokio::time::sleep(by).await;
                self.inner.serve(call).await
            }
            Some(Fault::DieBefore) => self.die().await,
            Some(Fault::DieAfter) => {
                let _ = self.inner.serve(call).await;
                self.die().await
            }
        }
    }
}
