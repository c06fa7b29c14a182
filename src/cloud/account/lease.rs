//! Who works on a stack: an object that one writer can make. Its holder writes it anew while it
//! lives; one that stays as it is for longer than its time is a dead holder's.

mod watch;

pub(super) use watch::Watch;

use super::Account;
use super::bucket::SETTLING;
use super::errors::Doing;
use super::place;
use crate::cloud::api::s3::{Body, Bucket, Condition, DeleteObject, GetObject, PutObject};
use crate::cloud::api::{Api, ApiError, Kind, Serve};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::process::Process;
use crate::cloud::{Hold, Lease};
use crate::model::clock::Clock;
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a lock stands that nobody writes anew.
const LEASE: Duration = Duration::from_secs(60);
const BEAT: Duration = Duration::from_secs(15);
/// A beat that comes through keeps it younger than this.
const FRESH: Duration = Duration::from_secs(20);
/// Longer than a dead holder blocks, and than most passes take.
const PATIENCE: Duration = Duration::from_secs(150);
const PAUSE: Duration = Duration::from_secs(3);
/// AWS refuses calls of a clock that is wrong by more, so a lock this old is old by any clock.
const SKEW: Duration = Duration::from_secs(20 * 60);

/// What a lock says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Holder {
    who: String,
    /// Tells our own lock from another's where an answer was lost.
    token: String,
    process: Option<Process>,
    beats: u64,
}

/// A lock as it was read.
pub(super) struct Lock {
    holder: Holder,
    etag: String,
    modified: DateTime<Utc>,
    read_at: DateTime<Utc>,
}

impl Lock {
    /// Dead for certain, without waiting: a process of this machine that is no more, or a lock so
    /// old that no clock can be so wrong.
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
        let (bucket, key) = (bucket.clone(), key.to_owned());
        let call = DeleteObject {
            bucket,
            key,
            unchanged: Some(self.etag.clone()),
        };
        let_go(api.serve(call).await)
    }
}

/// Another holder's lock is not ours to remove, and one that is gone need not be.
fn let_go(removed: Result<(), ApiError>) -> Result<(), CloudError> {
    match removed {
        Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => Ok(()),
        removed => removed.doing(|| "unlock the stack".to_owned()),
    }
}

/// A lock that we hold.
pub(super) struct HeldLease<A> {
    api: Rc<A>,
    bucket: Bucket,
    key: String,
    holder: Holder,
    etag: RefCell<String>,
    beats: Cell<u64>,
    clock: Arc<dyn Clock>,
    /// When it was last known to be ours, by both clocks: one stands while the machine sleeps,
    /// the other may be set.
    known: Cell<(Instant, DateTime<Utc>)>,
    grip: Cell<Grip>,
    /// Of what it is the lock.
    of: &'static str,
}

/// The stack's, and the account's.
const STACK: &str = "stack";
const WATCHDOG: &str = "watchdog";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grip {
    Firm,
    /// Another has it.
    Lost,
    /// We let go.
    Released,
}

impl<A: Api> HeldLease<A> {
    fn body(holder: &Holder, beats: u64) -> Body {
        let holder = Holder {
            beats,
            ..holder.clone()
        };
        Body::Bytes(serde_json::to_vec(&holder).unwrap_or_default())
    }

    /// Writes the lock anew; whether it is still ours.
    async fn beat(&self) -> Result<(), CloudError> {
        let beats = self.beats.get() + 1;
        self.beats.set(beats);
        let condition = Condition::Unchanged(self.etag.borrow().clone());
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let body = Self::body(&self.holder, beats);
        let etag = match self
            .api
            .serve(PutObject {
                bucket,
                key,
                body,
                condition,
            })
            .await
        {
            // Somebody else's, or our own of which the answer was lost.
            Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => {
                self.own_etag().await?
            }
            reply => Some(reply.doing(|| format!("keep the lock of the {}", self.of))?),
        };
        match etag {
            Some(etag) => {
                *self.etag.borrow_mut() = etag;
                self.known.set((Instant::now(), self.clock.now()));

                Ok(())
            }
            None => {
                self.grip.set(Grip::Lost);
                Err(lost(self.of))
            }
        }
    }

    /// Known to be ours a moment ago, by either clock.
    fn is_fresh(&self) -> bool {
        let (ticked, read) = self.known.get();
        let passed = (self.clock.now() - read).abs().to_std().unwrap_or(LEASE);
        ticked.elapsed() < FRESH && passed < FRESH
    }

    async fn own_etag(&self) -> Result<Option<String>, CloudError> {
        let read = read(&*self.api, &self.bucket, &self.key).await?;
        let own = read.filter(|(holder, ..)| holder.token == self.holder.token);
        Ok(own.map(|(_, etag, _)| etag))
    }

    async fn remove(&self, etag: String) -> Result<(), ApiError> {
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let unchanged = Some(etag);
        let call = DeleteObject {
            bucket,
            key,
            unchanged,
        };
        self.api.serve(call).await
    }

    async fn beat_on(&self) {
        while self.grip.get() == Grip::Firm {
            tokio::time::sleep(BEAT).await;
            // What was not heard of is tried again at the next beat.
            let _ = self.beat().await;
        }
    }
}

fn lost(of: &str) -> CloudError {
    let message =
        format!("the lock of the {of} was taken by another clusterup, which thought us dead");
    CloudError::new(Class::Busy, message).hint("see what it does, then apply again")
}

fn busy(message: String) -> CloudError {
    CloudError::new(Class::Busy, message).hint("wait for it, then try again")
}

fn waiting(who: &str, stack: &StackName) -> Event {
    let what = format!("waiting for {who}, who is at work on stack {stack}");
    let (done, total) = (0, 0);
    Event::Progress { what, done, total }
}

struct Heartbeat<A> {
    held: Rc<HeldLease<A>>,
    heart: tokio::task::AbortHandle,
}

impl<A> Drop for Heartbeat<A> {
    fn drop(&mut self) {
        self.heart.abort();
        self.held.grip.set(Grip::Released);
    }
}

#[async_trait(?Send)]
impl<A: Api> Hold for Heartbeat<A> {
    async fn release(self: Box<Self>) -> Result<(), CloudError> {
        self.heart.abort();
        let held = &self.held;
        held.grip.set(Grip::Released);
        let mut etag = held.etag.borrow().clone();
        loop {
            match held.remove(etag).await {
                // A beat that nobody heard of came true: it may still be ours.
                Err(error) if error.kind == Kind::Precondition => {}
                removed => return let_go(removed),
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
            let content = reply.doing(|| "read the lock of the stack".to_owned())?;
            let holder = serde_json::from_slice(&content.body).unwrap_or_else(|_| Holder {
                who: "something that is no clusterup".to_owned(),
                token: String::new(),
                process: None,
                beats: 0,
            });
            Ok(Some((holder, content.etag, content.modified)))
        }
    }
}

impl<A: Api> Account<A> {
    /// Nothing is changed under a lock that is, or may be, another's by now.
    pub(super) async fn still_ours(&self) -> Result<(), CloudError> {
        let held = self.lease.borrow().clone();
        match held.map(|held| (held.grip.get(), held)) {
            Some((Grip::Lost, _)) => Err(lost(STACK)),
            Some((Grip::Firm, held)) if !held.is_fresh() => held.beat().await,
            // Without a lease there is nothing to lose: ending a cluster needs none.
            Some((Grip::Firm | Grip::Released, _)) | None => Ok(()),
        }
    }

    /// What cannot be taken back needs a lock that is ours for certain.
    pub(super) async fn surely_ours(&self) -> Result<(), CloudError> {
        let held = self.lease.borrow().clone();
        match held.map(|held| held.grip.get()) {
            Some(Grip::Firm) => self.still_ours().await,
            Some(Grip::Lost | Grip::Released) | None => Err(lost(STACK)),
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

    /// A lock that nobody writes anew: its holder is dead. None where it is gone or held.
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
            tokio::time::sleep(PAUSE).await;
            let now = self.read_lock(bucket, key).await?;
            if now.is_none_or(|now| now.etag != first.etag) {
                return Ok(None);
            }
        }
        Ok(Some(first))
    }

    pub(super) async fn take_lease(
        &self,
        stack: &StackName,
        listener: &dyn Listener,
    ) -> Result<Lease, CloudError> {
        let (bucket, key) = (self.bucket().await?, place::lock(stack));
        let holder = self.holder();
        let (etag, fresh) = self.win(&bucket, &key, &holder, stack, listener).await?;
        self.seen.borrow_mut().is_new = fresh;
        let lease = self.hold(bucket, key, holder, etag, STACK);
        *self.lease.borrow_mut() = Some(lease.held.clone());
        if fresh {
            return Ok(Box::new(lease));
        }
        if let Err(error) = self.settle_intents(stack, listener).await {
            // What went wrong matters more than whether the lock could be let go.
            let _ = Box::new(lease).release().await;
            return Err(error);
        }
        Ok(Box::new(lease))
    }

    /// This process, as a lock names it.
    fn holder(&self) -> Holder {
        Holder {
            who: self.settings.who.clone(),
            token: self.nonce(),
            process: Process::me(),
            beats: 0,
        }
    }

    /// A lock that was won, and its beat.
    fn hold(
        &self,
        bucket: Bucket,
        key: String,
        holder: Holder,
        etag: String,
        of: &'static str,
    ) -> Heartbeat<A> {
        let held = Rc::new(HeldLease {
            api: self.api.clone(),
            bucket,
            key,
            holder,
            etag: RefCell::new(etag),
            beats: Cell::new(0),
            known: Cell::new((Instant::now(), self.settings.clock.now())),
            clock: self.settings.clock.clone(),
            grip: Cell::new(Grip::Firm),
            of,
        });
        let beating = held.clone();
        let heart = tokio::task::spawn_local(async move { beating.beat_on().await });
        Heartbeat {
            held,
            heart: heart.abort_handle(),
        }
    }

    async fn write_lock(
        &self,
        bucket: &Bucket,
        key: &str,
        holder: &Holder,
        condition: Condition,
    ) -> Result<String, ApiError> {
        let body = HeldLease::<A>::body(holder, 0);
        let (bucket, key) = (bucket.clone(), key.to_owned());
        let call = PutObject {
            bucket,
            key,
            body,
            condition,
        };
        self.api.serve(call).await
    }

    /// Makes the bucket; at the first time `made` says nothing, then when that was. One that was made
    /// a moment ago may not be there for every server yet.
    pub(super) async fn bring_bucket(
        &self,
        bucket: &Bucket,
        made: &mut Option<Instant>,
    ) -> Result<(), CloudError> {
        match made {
            None => *made = Some(Instant::now()),
            Some(at) if at.elapsed() < SETTLING => self.backoff().await,
            Some(_) => {
                let message = format!("bucket {} was made and is not there", bucket.name);
                let error = CloudError::new(Class::Failed, message);
                return Err(error.hint("try again in a few minutes"));
            }
        }
        self.make_bucket(bucket).await
    }

    /// Writes the lock, waiting for who has it; its ETag, and whether the bucket was made for it.
    async fn win(
        &self,
        bucket: &Bucket,
        key: &str,
        holder: &Holder,
        stack: &StackName,
        listener: &dyn Listener,
    ) -> Result<(String, bool), CloudError> {
        let (mut made, mut looked) = (None, false);
        let mut condition = Condition::Absent;
        let (begun, mut watched) = (Instant::now(), Instant::now());
        let mut last: Option<String> = None;
        loop {
            match self
                .write_lock(bucket, key, holder, condition.clone())
                .await
            {
                Err(error) if error.kind == Kind::NotFound && condition == Condition::Absent => {
                    self.bring_bucket(bucket, &mut made).await?;
                    continue;
                }
                Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => {}
                reply => {
                    let etag = reply.doing(|| format!("lock stack {stack}"))?;
                    return Ok((etag, made.is_some()));
                }
            }
            condition = Condition::Absent;
            let Some(lock) = self.read_lock(bucket, key).await? else {
                // Let go of in between, or S3 had two writers at once.
                if begun.elapsed() >= PATIENCE {
                    return Err(busy(format!("others keep locking stack {stack}")));
                }
                if looked {
                    self.backoff().await;
                }
                looked = true;
                continue;
            };
            if lock.holder.token == holder.token {
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
            if begun.elapsed() >= PATIENCE {
                return Err(busy(format!("{who} is at work on stack {stack}")));
            }
            listener.on_event(&waiting(who, stack));
            tokio::time::sleep(PAUSE).await;
        }
    }
}
