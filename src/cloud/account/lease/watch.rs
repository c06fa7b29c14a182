//! Who watches the account: a lock as a stack has one, for which nobody waits.

use super::{Grip, Heartbeat, HeldLease, LEASE, WATCHDOG};
use crate::cloud::account::Account;
use crate::cloud::account::errors::Doing;
use crate::cloud::account::place::WATCH;
use crate::cloud::api::s3::Condition;
use crate::cloud::api::{Api, Kind};
use crate::cloud::{CloudError, Lease};
use std::rc::Rc;
use tokio::time::Instant;

/// What is known of the watch.
pub(in crate::cloud::account) struct Watch<A> {
    /// Ours, where we took it.
    held: Option<Rc<HeldLease<A>>>,
    /// Another's as it was when we first saw it so.
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

impl<A: Api> Account<A> {
    /// None where another has the watch who may be alive. Whether he is dead is known once he has
    /// not written it anew for as long as a lock stands: so this has to be asked again and again.
    pub(in crate::cloud::account) async fn take_watch(&self) -> Result<Option<Lease>, CloudError> {
        let (bucket, key) = (self.bucket().await?, WATCH.to_owned());
        let (holder, mut made) = (self.holder(), None);
        let mut condition = Condition::Absent;
        loop {
            let written = self.write_lock(&bucket, &key, &holder, condition.clone());
            let etag = match written.await {
                Err(error) if error.kind == Kind::NotFound && condition == Condition::Absent => {
                    self.bring_bucket(&bucket, &mut made).await?;
                    continue;
                }
                Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => None,
                reply => Some(reply.doing(|| "take the watch of the account".to_owned())?),
            };
            if let Some(etag) = etag {
                return Ok(Some(
                    self.watch_on(self.hold(bucket, key, holder, etag, WATCHDOG)),
                ));
            }
            if condition != Condition::Absent {
                // Somebody else took it over, or it is not so dead.
                return Ok(None);
            }
            let Some(lock) = self.read_lock(&bucket, &key).await? else {
                // Let go of in between: whoever asks again may have it.
                return Ok(None);
            };
            if lock.holder.token == holder.token {
                // Ours, written by a call of which the answer was lost.
                let lease = self.hold(bucket, key, holder, lock.etag, WATCHDOG);
                return Ok(Some(self.watch_on(lease)));
            }
            if !lock.is_dead() && !self.stands_still(&lock.etag) {
                return Ok(None);
            }
            condition = Condition::Unchanged(lock.etag);
        }
    }

    fn watch_on(&self, lease: Heartbeat<A>) -> Lease {
        *self.rounds.watch.borrow_mut() = Watch {
            held: Some(lease.held.clone()),
            other: None,
        };
        Box::new(lease)
    }

    /// Whether another's lock has been as it is for longer than a living holder leaves it so.
    fn stands_still(&self, etag: &str) -> bool {
        let mut watch = self.rounds.watch.borrow_mut();
        match &watch.other {
            Some((seen, since)) if seen == etag => since.elapsed() >= LEASE,
            Some(_) | None => {
                watch.other = Some((etag.to_owned(), Instant::now()));
                false
            }
        }
    }

    /// Whether the watch is ours for certain, now.
    pub(in crate::cloud::account) async fn still_watches(&self) -> Result<bool, CloudError> {
        let held = self.rounds.watch.borrow().held.clone();
        let Some(held) = held else { return Ok(false) };
        match held.grip.get() {
            Grip::Lost | Grip::Released => Ok(false),
            Grip::Firm if held.is_fresh() => Ok(true),
            Grip::Firm => match held.beat().await {
                Err(_) if held.grip.get() == Grip::Lost => Ok(false),
                beaten => beaten.map(|()| true),
            },
        }
    }
}
