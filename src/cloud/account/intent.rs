//! What is about to be done by a call that has no token, written down before it: whoever takes the
//! stack next can find out what became of it.

use super::Account;
use super::bucket::key;
use super::errors::Doing;
use super::names;
use super::place::{self, Note};
use crate::cloud::CloudError;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::api::{Api, ApiError, Call, Kind, Serve};
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use crate::model::observed::Run;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// A cluster or step that was accepted may be missing in listings for so long. AWS promises no
/// figure; listings lag by seconds.
const DOUBT: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_secs(10);
/// Older than any doubt, by any clock that AWS accepts.
const OLD: TimeDelta = TimeDelta::minutes(25);
/// EMR's clock and S3's may differ.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// Which call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Intent {
    /// A cluster with the intent's nonce in its name, by an older clusterup.
    Cluster,
    /// The same, with these terms; see [`note`].
    Creator(String),
    /// The steps of this run.
    Steps(Run),
}

/// Pauses after a throttle, which says that nothing was done.
const THROTTLED: [u64; 6] = [2, 4, 8, 15, 30, 30];

impl<A: Api> Account<A> {
    /// Makes a call that may be made once; each time that it was not done, the lock is looked at
    /// again before the next.
    pub(super) async fn once<C: Call>(
        &self,
        call: C,
    ) -> Result<Result<C::Reply, ApiError>, CloudError>
    where
        A: Serve<C>,
    {
        for pause in THROTTLED {
            self.surely_ours().await?;
            match self.api.serve(call.clone()).await {
                Err(error) if error.kind == Kind::Throttled => {
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
                reply => return Ok(reply),
            }
        }
        self.surely_ours().await?;
        Ok(self.api.serve(call).await)
    }

    /// Eight random bytes in hexadecimal digits.
    pub(super) fn nonce(&self) -> String {
        format!("{:016x}", self.rng.next())
    }

    pub(super) async fn intend(
        &self,
        stack: &StackName,
        nonce: &str,
        intent: &Intent,
    ) -> Result<(), CloudError> {
        let body = serde_json::to_vec(intent).unwrap_or_default();
        let key = place::intent(stack, nonce);
        self.put(&key, body, Condition::Always).await.map(|_| ())
    }

    /// The intent came true as this cluster: from now on the stack knows it by its id.
    pub(super) async fn made(
        &self,
        stack: &StackName,
        nonce: &str,
        id: &str,
        terms: &[String],
    ) -> Result<(), CloudError> {
        self.note(stack, id, terms).await?;
        self.done(stack, nonce).await
    }

    pub(super) async fn done(&self, stack: &StackName, nonce: &str) -> Result<(), CloudError> {
        self.delete(&place::intent(stack, nonce)).await
    }

    /// Finds out what became of each intent that an earlier run left.
    pub(super) async fn settle_intents(
        &self,
        stack: &StackName,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let (bucket, folder) = (self.bucket().await?, place::intent(stack, ""));
        let folder = folder.trim_end_matches(".json").to_owned();
        for listed in self.list(&bucket, &folder, None).await?.unwrap_or_default() {
            let crate::cloud::api::s3::Listed::Object { modified, .. } = &listed else {
                continue;
            };
            let modified = *modified;
            let Some(key) = key(listed) else { continue };
            let own = key
                .strip_prefix(&names::prefix(stack))
                .and_then(place::note);
            let Some(Note::Intent(nonce)) = own else {
                continue;
            };
            let call = GetObject::note(bucket.clone(), key);
            let content = match self.api.serve(call).await {
                Err(error) if error.kind == Kind::NotFound => continue,
                reply => reply.doing(|| "read what was begun".to_owned())?,
            };
            match serde_json::from_slice(&content.body) {
                Ok(Intent::Steps(run)) => {
                    self.find_steps(&run, modified, listener).await?;
                    self.done(stack, &nonce).await?;
                }
                // One that cannot be read is taken for the graver.
                read @ (Ok(Intent::Cluster | Intent::Creator(_)) | Err(_)) => {
                    // Noted as what was asked for, whatever its tags say.
                    let terms = match read {
                        Ok(Intent::Creator(terms)) => vec![terms],
                        Ok(Intent::Cluster | Intent::Steps(_)) | Err(_) => Vec::new(),
                    };
                    match self.find_cluster(&nonce, modified, listener).await? {
                        Some(id) => self.made(stack, &nonce, &id, &terms).await?,
                        None => self.done(stack, &nonce).await?,
                    }
                }
            }
        }
        Ok(())
    }

    /// The cluster with a nonce; none when it is certain that there is none.
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
            if !self.doubted(begun, since, "a cluster", listener).await {
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
                names::of_step(name)
                    .is_some_and(|(_, job, number)| job == run.job && number == run.number)
            };
            if steps.iter().any(|step| of_run(&step.name)) {
                return Ok(true);
            }
            if !self.doubted(begun, since, "the steps", listener).await {
                return Ok(false);
            }
        }
    }

    /// Waits a little while there is doubt; false where there is none any more.
    async fn doubted(
        &self,
        begun: Instant,
        since: DateTime<Utc>,
        what: &str,
        listener: &dyn Listener,
    ) -> bool {
        if begun.elapsed() >= DOUBT || self.settings.clock.now() - since > OLD {
            return false;
        }
        let what = format!("looking whether AWS has made {what} that was asked for");
        listener.on_event(&Event::Progress {
            what,
            done: 0,
            total: 0,
        });
        tokio::time::sleep(PAUSE).await;
        true
    }
}
