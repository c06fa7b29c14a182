//! The watchdog's lease of an account: a lock like a stack's, but no process waits for it.

use super::{Heartbeat, HeldLease, LEASE, LeaseState, WATCHDOG};
use crate::cloud::account::Account;
use crate::cloud::account::errors::Context;
use crate::cloud::account::layout::WATCH;
use crate::cloud::api::s3::Condition;
use crate::cloud::api::{Api, Kind};
use crate::cloud::fleet::WatchLease;
use crate::cloud::{CloudError, Lease};
use async_trait::async_trait;
use std::rc::Rc;
use tokio::time::Instant;

/// What is known of the watchdog's lease.
pub(in crate::cloud::account) struct Watch<A> {
    /// The lease, if this process holds it.
    held: Option<Rc<HeldLease<A>>>,
    /// Another holder's ETag, and when we first read it.
    other: Option<(String, Instant)>,
}

impl<A> Default for Watch<A> {
    fn default() -> Self {
        Self {
            held: None,
            other: None,
        }
    }
}

#[async_trait(?Send)]
impl<A: Api> WatchLease for Account<A> {
    /// `None` if another watchdog holds the lease and may be alive. It counts as dead once its lock
    /// was not renewed for the time of a lock, so callers have to try repeatedly.
    async fn watch(&self) -> Result<Option<Lease>, CloudError> {
        let own = self.own_lock(self.bucket().await?, WATCH.to_owned());
        let mut created_at = None;
        let mut condition = Condition::Absent;
        loop {
            let etag = match self.api.serve(own.put(0, condition.clone())).await {
                Err(error) if error.kind == Kind::NotFound && condition == Condition::Absent => {
                    self.ensure_bucket(&own.bucket, &mut created_at).await?;
                    continue;
                }
                Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => None,
                reply => Some(reply.with_context(|| "acquire the watchdog's lease".to_owned())?),
            };
            if let Some(etag) = etag {
                let lease = self.start_renewing(own, etag, WATCHDOG);
                return Ok(Some(self.store_watch(lease)));
            }
            if condition != Condition::Absent {
                // Another watchdog took it over, or the holder is alive.
                return Ok(None);
            }
            let Some(lock) = self.read_lock(&own.bucket, &own.key).await? else {
                // It was released in between: the next try may get it.
                return Ok(None);
            };
            if lock.holder.token == own.holder.token {
                // Ours, written by a call whose response was lost.
                let lease = self.start_renewing(own, lock.etag, WATCHDOG);
                return Ok(Some(self.store_watch(lease)));
            }
            if !lock.is_dead() && !self.is_not_renewed(&lock.etag) {
                return Ok(None);
            }
            condition = Condition::Unchanged(lock.etag);
        }
    }

    async fn holds_watch(&self) -> Result<bool, CloudError> {
        let held = self.fleet.watch.borrow().held.clone();
        let Some(held) = held else { return Ok(false) };
        match held.state.get() {
            LeaseState::Lost | LeaseState::Released => Ok(false),
            LeaseState::Held if held.is_fresh() => Ok(true),
            LeaseState::Held => match held.renew().await {
                Err(_) if held.state.get() == LeaseState::Lost => Ok(false),
                renewed => renewed.map(|()| true),
            },
        }
    }
}

impl<A: Api> Account<A> {
    fn store_watch(&self, lease: Heartbeat<A>) -> Lease {
        *self.fleet.watch.borrow_mut() = Watch {
            held: Some(lease.held.clone()),
            other: None,
        };
        Box::new(lease)
    }

    /// Whether another holder's lock was not renewed for longer than a live holder waits.
    fn is_not_renewed(&self, etag: &str) -> bool {
        let mut watch = self.fleet.watch.borrow_mut();
        match &watch.other {
            Some((observed, since)) if observed == etag => since.elapsed() >= LEASE,
            Some(_) | None => {
                watch.other = Some((etag.to_owned(), Instant::now()));
                false
            }
        }
    }
}
