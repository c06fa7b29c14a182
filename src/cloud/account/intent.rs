//! Intents: a call without an idempotency token is recorded before it is made, so that a later run
//! can find out whether it was carried out.

use super::Account;
use super::bucket;
use super::errors::Context;
use super::layout::{self, Note};
use super::names;
use super::observe::Objects;
use super::step_name;
use crate::cloud::CloudError;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::api::{Api, ApiError, Call, Kind, Serve};
use crate::model::event::Listener;
use crate::model::name::StackName;
use crate::model::observed::Run;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// How long an accepted cluster or step may be missing in listings. AWS documents no figure; in
/// practice listings lag by seconds.
const VISIBILITY_WINDOW: Duration = Duration::from_secs(90);
const POLL_INTERVAL: Duration = Duration::from_secs(10);
/// An intent of this age has been visible long since, by any clock that AWS accepts.
const CERTAIN_AFTER: TimeDelta = TimeDelta::minutes(25);
/// How much EMR's clock and S3's may differ.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// The call that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Intent {
    /// Creates a cluster with the intent's nonce in its name. Written by an older clusterup.
    Cluster,
    /// Creates a cluster with the intent's nonce in its name and these terms; see [`note`].
    #[serde(rename = "made")]
    NewCluster(String),
    /// Adds the steps of this run.
    Steps(Run),
}

/// Seconds between attempts after a throttle, which means that the call was not carried out.
const THROTTLED: [u64; 6] = [2, 4, 8, 15, 30, 30];

impl<A: Api> Account<A> {
    /// Makes the call of an intent, which must not be made twice. Checks the lease before each attempt, and
    /// repeats only throttled calls. Deletes the intent if the lease was lost: the call was not made.
    pub(super) async fn call_once<C: Call>(
        &self,
        (stack, nonce): (&StackName, &str),
        call: C,
    ) -> Result<Result<C::Reply, ApiError>, CloudError>
    where
        A: Serve<C>,
    {
        let mut pauses = THROTTLED.into_iter();
        loop {
            if let Err(lost) = self.require_lease().await {
                // If this fails, the next apply finds out that nothing was done.
                let _ = self.delete_intent(stack, nonce).await;
                return Err(lost);
            }
            let reply = self.api.serve(call.clone()).await;
            let is_throttled = matches!(&reply, Err(error) if error.kind == Kind::Throttled);
            match pauses.next().filter(|_| is_throttled) {
                Some(pause) => tokio::time::sleep(Duration::from_secs(pause)).await,
                None => return Ok(reply),
            }
        }
    }

    /// Eight random bytes in hexadecimal digits.
    pub(super) fn nonce(&self) -> String {
        format!("{:016x}", self.rng.next())
    }

    pub(super) async fn write_intent(
        &self,
        stack: &StackName,
        nonce: &str,
        intent: &Intent,
    ) -> Result<(), CloudError> {
        let body = serde_json::to_vec(intent).unwrap_or_default();
        let key = layout::intent(stack, nonce);
        self.put(&key, body, Condition::Always).await.map(|_| ())
    }

    /// Records the cluster that an intent created, then deletes the intent.
    pub(super) async fn record_cluster(
        &self,
        stack: &StackName,
        nonce: &str,
        id: &str,
        terms: &[String],
    ) -> Result<(), CloudError> {
        self.note(stack, id, terms).await?;
        self.delete_intent(stack, nonce).await
    }

    pub(super) async fn delete_intent(
        &self,
        stack: &StackName,
        nonce: &str,
    ) -> Result<(), CloudError> {
        self.delete(&layout::intent(stack, nonce)).await
    }

    /// The objects of a stack whose lease this process holds. Its lock is in the bucket, which
    /// therefore exists, also where a server of S3 does not know that yet.
    async fn objects_of_lease(&self, stack: &StackName) -> Result<Objects, CloudError> {
        let begun = Instant::now();
        loop {
            if let Some(objects) = self.objects(stack).await? {
                return Ok(objects);
            }
            if begun.elapsed() >= bucket::VISIBILITY_WINDOW {
                return Err(bucket::not_visible_yet(&self.bucket().await?));
            }
            self.backoff().await;
        }
    }

    /// Finds out whether the intents that an earlier run left were carried out.
    pub(super) async fn resolve_intents(
        &self,
        stack: &StackName,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let objects = self.objects_of_lease(stack).await?;
        let intent = |(key, (_, modified)): (&String, &(u64, DateTime<Utc>))| {
            let Some(Note::Intent(nonce)) = layout::note(key) else {
                return None;
            };
            Some((layout::intent(stack, &nonce), nonce, *modified))
        };
        let intents: Vec<_> = objects.iter().filter_map(intent).collect();
        if intents.is_empty() {
            // The lease keeps others from changing them until the stack is observed.
            self.observed.borrow_mut().leased = Some(objects);
            return Ok(());
        }
        for (key, nonce, modified) in intents {
            let call = GetObject::note(bucket.clone(), key);
            let content = match self.api.serve(call).await {
                Err(error) if error.kind == Kind::NotFound => continue,
                reply => reply.with_context(|| "read an intent".to_owned())?,
            };
            match serde_json::from_slice(&content.body) {
                Ok(Intent::Steps(run)) => {
                    self.find_steps(&run, modified, listener).await?;
                    self.delete_intent(stack, &nonce).await?;
                }
                // An unreadable intent is treated as that of a cluster, which costs more.
                read @ (Ok(Intent::Cluster | Intent::NewCluster(_)) | Err(_)) => {
                    // Record the requested terms, whatever the cluster's tags contain.
                    let terms = match read {
                        Ok(Intent::NewCluster(terms)) => vec![terms],
                        Ok(Intent::Cluster | Intent::Steps(_)) | Err(_) => Vec::new(),
                    };
                    match self.find_cluster(&nonce, modified, listener).await? {
                        Some(id) => self.record_cluster(stack, &nonce, &id, &terms).await?,
                        None => self.delete_intent(stack, &nonce).await?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Finds the cluster with a nonce; `None` if it certainly does not exist.
    pub(super) async fn find_cluster(
        &self,
        nonce: &str,
        since: DateTime<Utc>,
        listener: &dyn Listener,
    ) -> Result<Option<String>, CloudError> {
        let begun = Instant::now();
        loop {
            let found = self.list_clusters(Vec::new(), Some(since - MARGIN)).await?;
            let has = |name: &str| names::of_cluster(name).is_some_and(|(_, of)| of == nonce);
            if let Some(cluster) = found.into_iter().find(|cluster| has(&cluster.name)) {
                return Ok(Some(cluster.id));
            }
            if !self.keep_looking(begun, since, "a cluster", listener).await {
                return Ok(None);
            }
        }
    }

    /// Whether the steps of a run were accepted.
    pub(super) async fn find_steps(
        &self,
        run: &Run,
        since: DateTime<Utc>,
        listener: &dyn Listener,
    ) -> Result<bool, CloudError> {
        let begun = Instant::now();
        loop {
            let steps = self.steps(run.cluster.as_str()).await?;
            let of_run = |name: &str| {
                step_name::read(name)
                    .is_some_and(|step| step.job == run.job && step.run == run.number)
            };
            if steps.iter().any(|step| of_run(&step.name)) {
                return Ok(true);
            }
            if !self.keep_looking(begun, since, "the steps", listener).await {
                return Ok(false);
            }
        }
    }

    /// Waits before the next look. False if the visibility window is over.
    async fn keep_looking(
        &self,
        begun: Instant,
        since: DateTime<Utc>,
        what: &str,
        listener: &dyn Listener,
    ) -> bool {
        if begun.elapsed() >= VISIBILITY_WINDOW || self.settings.clock.now() - since > CERTAIN_AFTER
        {
            return false;
        }
        let what = format!("checking whether AWS created {what} before the call was interrupted");
        listener.on_wait(what);
        tokio::time::sleep(POLL_INTERVAL).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intents_of_every_clusterup_are_read() {
        let read = |text: &str| serde_json::from_str::<Intent>(text).ok();
        assert_eq!(read(r#""cluster""#), Some(Intent::Cluster));
        let created = Intent::NewCluster("00ff".to_owned());
        assert_eq!(read(r#"{"made":"00ff"}"#), Some(created.clone()));
        let text = serde_json::to_string(&created).unwrap();
        assert_eq!(text, r#"{"made":"00ff"}"#);
        assert_eq!(read("{}"), None);
    }
}
