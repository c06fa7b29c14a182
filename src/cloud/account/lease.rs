//! The lease of a stack: an object that only one writer can create. Its holder renews it while it
//! is alive; a lock that is not renewed within its time belongs to a dead holder.

mod acquire;
mod watch;

pub(super) use watch::Watch;

use super::Account;
use super::bucket::{VISIBILITY_WINDOW, not_visible_yet};
use super::errors::Context;
use crate::cloud::LeaseGuard;
use crate::cloud::api::s3::{Body, Bucket, Condition, DeleteObject, GetObject, PutObject};
use crate::cloud::api::{Api, ApiError, Kind, Serve};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::process::Process;
use crate::model::clock::Clock;
use crate::model::event::Listener;
use crate::model::name::StackName;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a lock is valid without being renewed.
const LEASE: Duration = Duration::from_secs(60);
const RENEWAL_INTERVAL: Duration = Duration::from_secs(15);
/// A lock that was renewed within this time is certainly ours.
const FRESH: Duration = Duration::from_secs(20);
/// How long to wait for another holder: longer than a dead one blocks, and than most runs take.
const MAX_WAIT: Duration = Duration::from_secs(150);
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// AWS refuses calls of a clock that is wrong by more, so a lock of this age is expired by any
/// clock.
const SKEW: Duration = Duration::from_secs(20 * 60);

/// The content of a lock.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Holder {
    who: String,
    /// Identifies our own lock if the response to its write was lost.
    token: String,
    process: Option<Process>,
    #[serde(rename = "beats")]
    renewals: u64,
}

/// A lock object that this process wants or holds.
struct OwnLock {
    bucket: Bucket,
    key: String,
    holder: Holder,
}

impl OwnLock {
    /// The call that writes it.
    fn put(&self, renewals: u64, condition: Condition) -> PutObject {
        let holder = Holder {
            renewals,
            ..self.holder.clone()
        };
        PutObject {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            body: Body::Bytes(serde_json::to_vec(&holder).unwrap_or_default()),
            condition,
        }
    }
}

/// A lock as it was read.
pub(super) struct Lock {
    holder: Holder,
    etag: String,
    modified: DateTime<Utc>,
    read_at: DateTime<Utc>,
}

impl Lock {
    /// Whether the holder is certainly dead: its process on this machine has ended, or the lock is
    /// older than clocks can differ.
    pub(super) fn is_dead(&self) -> bool {
        let age = (self.read_at - self.modified).to_std().unwrap_or_default();
        self.holder
            .process
            .as_ref()
            .is_some_and(Process::is_dead_here)
            || age > LEASE + SKEW
    }

    pub(super) async fn remove<A: Serve<DeleteObject>>(
        &self,
        api: &A,
        bucket: &Bucket,
        key: &str,
    ) -> Result<(), CloudError> {
        let bucket = bucket.clone();
        let key = key.to_owned();
        let call = DeleteObject {
            bucket,
            key,
            unchanged: Some(self.etag.clone()),
        };
        ignore_if_not_ours(api.serve(call).await)
    }
}

/// Ignores that the lock is gone or another holder's.
fn ignore_if_not_ours(removed: Result<(), ApiError>) -> Result<(), CloudError> {
    match removed {
        Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => Ok(()),
        removed => removed.with_context(|| "unlock the stack".to_owned()),
    }
}

/// A lock that we hold.
pub(super) struct HeldLease<A> {
    api: Rc<A>,
    lock: OwnLock,
    etag: RefCell<String>,
    renewals: Cell<u64>,
    clock: Arc<dyn Clock>,
    /// When it was last known to be ours, by both clocks: the monotonic one stops while the machine
    /// sleeps, and the other one may be set.
    confirmed_at: Cell<(Instant, DateTime<Utc>)>,
    state: Cell<LeaseState>,
    /// What the lock is for: [`STACK`] or [`WATCHDOG`].
    purpose: &'static str,
}

/// What a lock is for: a stack, or the watchdog of an account.
const STACK: &str = "stack";
const WATCHDOG: &str = "watchdog";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeaseState {
    Held,
    /// Another process has it.
    Lost,
    /// We released it.
    Released,
}

impl<A: Api> HeldLease<A> {
    /// Renews the lock. Returns an error if it is no longer ours.
    async fn renew(&self) -> Result<(), CloudError> {
        let renewals = self.renewals.get() + 1;
        self.renewals.set(renewals);
        let condition = Condition::Unchanged(self.etag.borrow().clone());
        let call = self.lock.put(renewals, condition);
        let etag = match self.api.serve(call).await {
            // Another holder's lock, or our own after a lost response.
            Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => {
                self.own_etag().await?
            }
            reply => {
                Some(reply.with_context(|| format!("renew the lock of the {}", self.purpose))?)
            }
        };
        match etag {
            Some(etag) => {
                *self.etag.borrow_mut() = etag;
                self.confirmed_at.set((Instant::now(), self.clock.now()));

                Ok(())
            }
            None => {
                self.state.set(LeaseState::Lost);
                Err(lost(self.purpose))
            }
        }
    }

    /// Whether it was known to be ours a moment ago, by both clocks.
    fn is_fresh(&self) -> bool {
        let (ticked, read) = self.confirmed_at.get();
        let passed = (self.clock.now() - read).abs().to_std().unwrap_or(LEASE);
        ticked.elapsed() < FRESH && passed < FRESH
    }

    async fn own_etag(&self) -> Result<Option<String>, CloudError> {
        let OwnLock {
            bucket,
            key,
            holder,
        } = &self.lock;
        let read = read(&*self.api, bucket, key).await?;
        let own = read.filter(|(other, ..)| other.token == holder.token);
        Ok(own.map(|(_, etag, _)| etag))
    }

    async fn remove(&self, etag: String) -> Result<(), ApiError> {
        let call = DeleteObject {
            bucket: self.lock.bucket.clone(),
            key: self.lock.key.clone(),
            unchanged: Some(etag),
        };
        self.api.serve(call).await
    }

    async fn keep_renewing(&self) {
        while self.state.get() == LeaseState::Held {
            tokio::time::sleep(RENEWAL_INTERVAL).await;
            // A failed renewal is repeated at the next interval.
            let _ = self.renew().await;
        }
    }
}

fn lost(purpose: &str) -> CloudError {
    let message =
        format!("another clusterup took over the lock of the {purpose}, which had expired");
    CloudError::new(Class::Busy, message).hint("see what it does, then apply again")
}

fn busy(message: String) -> CloudError {
    CloudError::new(Class::Busy, message).hint("wait for it, then try again")
}

struct Heartbeat<A> {
    held: Rc<HeldLease<A>>,
    task: tokio::task::AbortHandle,
}

impl<A> Drop for Heartbeat<A> {
    fn drop(&mut self) {
        self.task.abort();
        self.held.state.set(LeaseState::Released);
    }
}

#[async_trait(?Send)]
impl<A: Api> LeaseGuard for Heartbeat<A> {
    async fn release(self: Box<Self>) -> Result<(), CloudError> {
        self.task.abort();
        let held = &self.held;
        held.state.set(LeaseState::Released);
        let mut etag = held.etag.borrow().clone();
        loop {
            match held.remove(etag).await {
                // A renewal with a lost response was carried out: the lock may still be ours.
                Err(error) if error.kind == Kind::Precondition => {}
                removed => return ignore_if_not_ours(removed),
            }
            match held.own_etag().await? {
                Some(now) => etag = now,
                None => return Ok(()),
            }
        }
    }
}

async fn read<A: Serve<GetObject>>(
    api: &A,
    bucket: &Bucket,
    key: &str,
) -> Result<Option<(Holder, String, DateTime<Utc>)>, CloudError> {
    let call = GetObject::note(bucket.clone(), key.to_owned());
    match api.serve(call).await {
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        reply => {
            let content = reply.with_context(|| "read the lock of the stack".to_owned())?;
            let holder = serde_json::from_slice(&content.body).unwrap_or_else(|_| Holder {
                who: "something other than clusterup".to_owned(),
                token: String::new(),
                process: None,
                renewals: 0,
            });
            Ok(Some((holder, content.etag, content.modified)))
        }
    }
}

impl<A: Api> Account<A> {
    /// Returns an error if the lease that this process holds is no longer ours. Succeeds without a
    /// lease.
    pub(super) async fn check_lease(&self) -> Result<(), CloudError> {
        let held = self.lease.borrow().clone();
        match held.map(|held| (held.state.get(), held)) {
            Some((LeaseState::Lost, _)) => Err(lost(STACK)),
            Some((LeaseState::Held, held)) if !held.is_fresh() => held.renew().await,
            // Without a lease there is nothing to lose: ending a cluster needs none.
            Some((LeaseState::Held | LeaseState::Released, _)) | None => Ok(()),
        }
    }

    /// Returns an error unless this process certainly holds the lease: what cannot be undone needs
    /// it.
    pub(super) async fn require_lease(&self) -> Result<(), CloudError> {
        let held = self.lease.borrow().clone();
        match held.map(|held| held.state.get()) {
            Some(LeaseState::Held) => self.check_lease().await,
            Some(LeaseState::Lost | LeaseState::Released) | None => Err(lost(STACK)),
        }
    }

    pub(super) async fn read_lock(
        &self,
        bucket: &Bucket,
        key: &str,
    ) -> Result<Option<Lock>, CloudError> {
        let read_at = self.settings.clock.now();
        let read = read(&*self.api, bucket, key).await?;
        Ok(read.map(|(holder, etag, modified)| Lock {
            holder,
            etag,
            modified,
            read_at,
        }))
    }

    /// Waits for the time of a lock and returns it if it was not renewed: its holder is dead.
    /// `None` if it is gone or in use.
    pub(super) async fn abandoned(
        &self,
        bucket: &Bucket,
        key: &str,
    ) -> Result<Option<Lock>, CloudError> {
        let begun = Instant::now();
        let Some(first) = self.read_lock(bucket, key).await? else {
            return Ok(None);
        };
        while !first.is_dead() && begun.elapsed() < LEASE {
            tokio::time::sleep(POLL_INTERVAL).await;
            let now = self.read_lock(bucket, key).await?;
            if now.is_none_or(|now| now.etag != first.etag) {
                return Ok(None);
            }
        }
        Ok(Some(first))
    }

    /// A lock whose holder is this process.
    fn own_lock(&self, bucket: Bucket, key: String) -> OwnLock {
        let holder = Holder {
            who: self.settings.who.clone(),
            token: self.nonce(),
            process: Process::me(),
            renewals: 0,
        };
        OwnLock {
            bucket,
            key,
            holder,
        }
    }

    /// Renews an acquired lock in the background.
    fn start_renewing(&self, lock: OwnLock, etag: String, purpose: &'static str) -> Heartbeat<A> {
        let held = Rc::new(HeldLease {
            api: self.api.clone(),
            lock,
            etag: RefCell::new(etag),
            renewals: Cell::new(0),
            confirmed_at: Cell::new((Instant::now(), self.settings.clock.now())),
            clock: self.settings.clock.clone(),
            state: Cell::new(LeaseState::Held),
            purpose,
        });
        let renewing = held.clone();
        let task = tokio::task::spawn_local(async move { renewing.keep_renewing().await });
        Heartbeat {
            held,
            task: task.abort_handle(),
        }
    }

    /// Creates the bucket. At the first call `created_at` is `None`; later calls wait, because a new
    /// bucket is not visible to every server at once.
    pub(super) async fn ensure_bucket(
        &self,
        bucket: &Bucket,
        created_at: &mut Option<Instant>,
    ) -> Result<(), CloudError> {
        match created_at {
            None => *created_at = Some(Instant::now()),
            Some(at) if at.elapsed() < VISIBILITY_WINDOW => self.backoff().await,
            Some(_) => return Err(not_visible_yet(bucket)),
        }
        self.make_bucket(bucket).await
    }

    /// Writes the lock, waiting for another holder. Returns its ETag, and whether the bucket was
    /// created and nobody else has held this lock in it.
    async fn acquire(
        &self,
        own: &OwnLock,
        stack: &StackName,
        listener: &dyn Listener,
    ) -> Result<(String, bool), CloudError> {
        let mut created_at = None;
        let mut looked = false;
        let mut is_contended = false;
        let mut condition = Condition::Absent;
        let begun = Instant::now();
        let mut watched = Instant::now();
        let mut last: Option<String> = None;
        let had_no_bucket = {
            let observed = self.observed.borrow();
            observed.stack.as_ref() == Some(stack) && observed.objects.is_none()
        };
        if had_no_bucket {
            self.ensure_bucket(&own.bucket, &mut created_at).await?;
        }
        loop {
            match self.api.serve(own.put(0, condition.clone())).await {
                Err(error) if error.kind == Kind::NotFound && condition == Condition::Absent => {
                    self.ensure_bucket(&own.bucket, &mut created_at).await?;
                    continue;
                }
                Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => {
                    is_contended = true;
                }
                reply => {
                    let etag = reply.with_context(|| format!("lock stack {stack}"))?;
                    return Ok((etag, created_at.is_some() && !is_contended));
                }
            }
            condition = Condition::Absent;
            let Some(lock) = self.read_lock(&own.bucket, &own.key).await? else {
                // It was released in between, or S3 had two writers at once.
                if begun.elapsed() >= MAX_WAIT {
                    return Err(busy(format!("others keep locking stack {stack}")));
                }
                if looked {
                    self.backoff().await;
                }
                looked = true;
                continue;
            };
            if lock.holder.token == own.holder.token {
                return Ok((lock.etag, false));
            }
            if last.as_ref() != Some(&lock.etag) {
                (last, watched) = (Some(lock.etag.clone()), Instant::now());
            }
            if lock.is_dead() || watched.elapsed() >= LEASE {
                condition = Condition::Unchanged(lock.etag);
                continue;
            }
            let who = &lock.holder.who;
            if begun.elapsed() >= MAX_WAIT {
                return Err(busy(format!("{who} is changing stack {stack}")));
            }
            listener.on_wait(format!("waiting for {who}, who is changing stack {stack}"));
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}
