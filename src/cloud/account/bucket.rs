//! The bucket: one for each account and region, in which each stack has its own prefixes.

use super::Account;
use super::errors::{Context, gone};
use super::layout::{self, LOCKS, WATCH};
use super::names::{self, WORK, prefix};
use crate::cloud::api::s3::{
    AbortMultipartUpload, Body, Bucket, Condition, CreateBucket, DeleteBucket, DeleteObject,
    DeleteObjects, ListMultipartUploads, Listed, PutBucketLifecycle, PutObject,
    PutPublicAccessBlock,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::{Class, CloudError, SharedResources};
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Run;
use async_trait::async_trait;
use std::time::Duration;
use tokio::time::Instant;

/// After so many days S3 itself aborts uploads that were not completed.
const ABORT_AFTER_DAYS: i32 = 1;
/// The object by which EMR's file system marks a folder.
const FOLDER: &str = "work_$folder$";
/// The most objects that S3 deletes in one call.
const MAX_KEYS: usize = 1_000;
/// The visibility window of buckets: the name of a deleted bucket is not free at once, and a new
/// bucket is not known to every server of S3. AWS documents no figure.
pub(super) const VISIBILITY_WINDOW: Duration = Duration::from_secs(120);

/// A bucket exists, and is still unknown after [`VISIBILITY_WINDOW`].
pub(super) fn not_visible_yet(bucket: &Bucket) -> CloudError {
    let message = format!("bucket {} was created and is not visible yet", bucket.name);
    CloudError::new(Class::Failed, message).hint("try again in a few minutes")
}

#[async_trait(?Send)]
impl<A: Api> SharedResources for Account<A> {
    async fn remove_shared(&self) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let call = DeleteBucket {
            bucket: bucket.clone(),
        };
        match gone(self.api.serve(call.clone()).await) {
            Err(error) if error.kind == Kind::InUse => {}
            deleted => return deleted.with_context(|| format!("delete bucket {}", bucket.name)),
        }
        let listed = self.list(&bucket, "", None).await?.unwrap_or_default();
        let keys: Vec<String> = listed.into_iter().filter_map(key).collect();
        let (orphans, keys): (Vec<String>, Vec<String>) =
            keys.iter().cloned().partition(|key| is_orphan(key, &keys));
        self.delete_all(orphans).await?;
        if keys
            .iter()
            .any(|key| !key.starts_with(LOCKS) && key != WATCH && key != FOLDER)
        {
            return Ok(());
        }
        for key in keys {
            if key == FOLDER {
                self.delete(&key).await?;
            } else if let Some(lock) = self.abandoned(&bucket, &key).await? {
                lock.remove(&*self.api, &bucket, &key).await?;
            }
        }
        match gone(self.api.serve(call).await) {
            Err(error) if error.kind == Kind::InUse => Ok(()),
            deleted => deleted.with_context(|| format!("delete bucket {}", bucket.name)),
        }
    }
}

impl<A: Api> Account<A> {
    /// Creates the bucket. New buckets are private and encrypted.
    pub(super) async fn make_bucket(&self, bucket: &Bucket) -> Result<(), CloudError> {
        let name = bucket.name.clone();
        let region = self.settings.region.to_string();
        let call = CreateBucket { name, region };
        let begun = Instant::now();
        loop {
            match self.api.serve(call.clone()).await {
                // A bucket of that name is still being deleted.
                Err(error)
                    if error.kind == Kind::Precondition && begun.elapsed() < VISIBILITY_WINDOW =>
                {
                    self.backoff().await;
                }
                made => return made.with_context(|| format!("make bucket {}", bucket.name)),
            }
        }
    }

    /// Waits a moment before a call to S3 is repeated.
    pub(super) async fn backoff(&self) {
        let least = Duration::from_secs(2);
        tokio::time::sleep(least + self.rng.up_to(Duration::from_secs(3))).await;
    }

    /// Closes the bucket to the public, then writes the stack's marker into it.
    pub(super) async fn create_bucket(&self, stack: &StackName) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let begun = Instant::now();
        if self.observed.borrow().objects.is_none() {
            self.make_bucket(&bucket).await?;
        }
        let is_new = self.observed.borrow().is_new;
        self.protect_bucket(&bucket, is_new, begun).await?;
        let key = layout::marker(stack);
        let body = self.marker_body();
        loop {
            let call = PutObject {
                bucket: bucket.clone(),
                key: key.clone(),
                body: Body::Bytes(body.clone()),
                condition: Condition::Always,
            };
            match self.api.serve(call).await {
                Err(error)
                    if error.kind == Kind::NotFound && begun.elapsed() < VISIBILITY_WINDOW =>
                {
                    self.backoff().await;
                }
                put => return put.with_context(|| format!("write {key}")).map(|_| ()),
            }
        }
    }

    /// Creates the bucket if there is none, and closes it to the public, for what belongs to no stack.
    pub(super) async fn open_bucket(&self) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let begun = Instant::now();
        // Its policy is written last: with one, the bucket is complete.
        let is_new = match self.read_policy(&bucket).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => false,
            Err(error) if error.kind == Kind::NotFound => {
                self.make_bucket(&bucket).await?;
                true
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("read the policy of bucket {}", bucket.name));
            }
        };
        self.protect_bucket(&bucket, is_new, begun).await
    }

    /// Closes the bucket to the public and writes its policy. A new one has none yet, and may not be
    /// known to every server of S3.
    async fn protect_bucket(
        &self,
        bucket: &Bucket,
        is_new: bool,
        begun: Instant,
    ) -> Result<(), CloudError> {
        let closed = loop {
            match self.close_bucket(bucket).await {
                // The bucket is new, perhaps because it was created for the lock.
                Err(error)
                    if error.kind == Kind::NotFound && begun.elapsed() < VISIBILITY_WINDOW =>
                {
                    self.backoff().await;
                }
                closed => break closed,
            }
        };
        closed.with_context(|| format!("block public access to bucket {}", bucket.name))?;
        let existing = if is_new {
            None
        } else {
            let read = self.read_policy(bucket).await;
            read.with_context(|| format!("read the policy of bucket {}", bucket.name))?
        };
        self.guard(bucket, existing).await
    }

    async fn close_bucket(&self, bucket: &Bucket) -> Result<(), ApiError> {
        let of = || bucket.clone();
        let abort_uploads_after_days = ABORT_AFTER_DAYS;
        let (closed, lifecycle) = tokio::join!(
            self.api.serve(PutPublicAccessBlock { bucket: of() }),
            self.api.serve(PutBucketLifecycle {
                bucket: of(),
                abort_uploads_after_days
            }),
        );
        closed.and(lifecycle)
    }

    /// Writes a small object and returns its ETag.
    pub(super) async fn put(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition,
    ) -> Result<String, CloudError> {
        let bucket = self.bucket().await?;
        let body = Body::Bytes(body);
        let call = PutObject {
            bucket,
            key: key.to_owned(),
            body,
            condition,
        };
        self.api
            .serve(call)
            .await
            .with_context(|| format!("write {key}"))
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let key = key.to_owned();
        let deleted = self.api.serve(DeleteObject {
            bucket,
            key: key.clone(),
            unchanged: None,
        });
        gone(deleted.await).with_context(|| format!("delete {key}"))
    }

    pub(super) async fn delete_all(&self, keys: Vec<String>) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        for keys in keys.chunks(MAX_KEYS) {
            let call = DeleteObjects {
                bucket: bucket.clone(),
                keys: keys.to_vec(),
            };
            self.api
                .serve(call)
                .await
                .with_context(|| format!("empty bucket {}", bucket.name))?;
        }
        Ok(())
    }

    /// Deletes the stack's objects and incomplete uploads. The work prefix goes first, because the
    /// other one, as it was observed, marks the stack as existing.
    pub(super) async fn delete_objects(&self, stack: &StackName) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let (work, own) = (names::work(stack), prefix(stack));
        self.abort_uploads(&bucket, &[&work, &own]).await?;
        let listed = self.list(&bucket, &work, None).await?.unwrap_or_default();
        let mut keys: Vec<String> = listed.into_iter().filter_map(key).collect();
        let observed = self.observed.borrow_mut().objects.take();
        keys.extend(
            observed
                .unwrap_or_default()
                .into_keys()
                .map(|key| own.clone() + &key),
        );
        self.delete_all(keys).await
    }

    /// Aborts the unfinished uploads below some prefixes.
    pub(super) async fn abort_uploads(
        &self,
        bucket: &Bucket,
        prefixes: &[&str],
    ) -> Result<(), CloudError> {
        let of = bucket.clone();
        let prefix = match prefixes {
            [one] => (*one).to_owned(),
            _ => String::new(),
        };
        let begun = self
            .api
            .serve(ListMultipartUploads { bucket: of, prefix })
            .await;
        let begun = begun.with_context(|| "list unfinished uploads".to_owned())?;
        let is_below = |key: &str| prefixes.iter().any(|prefix| key.starts_with(prefix));
        for upload in begun.into_iter().filter(|upload| is_below(&upload.key)) {
            let bucket = bucket.clone();
            let key = upload.key;
            let call = AbortMultipartUpload {
                bucket,
                key,
                upload: upload.id,
            };
            gone(self.api.serve(call).await).with_context(|| "abort an upload".to_owned())?;
        }
        Ok(())
    }

    pub(super) async fn remember(&self, stack: &StackName, run: &Run) -> Result<(), CloudError> {
        let key = layout::run(stack, run);
        self.put(&key, Vec::new(), Condition::Always)
            .await
            .map(|_| ())
    }

    pub(super) async fn forget(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        self.delete(&layout::cluster(stack, id.as_str())).await?;
        let mut observed = self.observed.borrow_mut();
        observed.clusters.remove(id);
        observed.final_steps.remove(id);
        Ok(())
    }
}

/// Whether a key is work of a stack that has nothing else: EMR uploads logs for minutes after a
/// cluster's end.
fn is_orphan(key: &str, keys: &[String]) -> bool {
    let of = key.strip_prefix(WORK).and_then(|it| it.strip_prefix('/'));
    let stack = of.and_then(|it| it.split('/').next()?.parse().ok());
    stack.is_some_and(|stack: StackName| {
        let notes = prefix(&stack);
        let lock = layout::lock(&stack);
        !keys.iter().any(|it| it.starts_with(&notes) || *it == lock)
    })
}

pub(super) fn key(listed: Listed) -> Option<String> {
    match listed {
        Listed::Object { key, .. } => Some(key),
        Listed::Prefix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_logs_are_removed_with_their_stack_and_no_other_objects() {
        let keys = [
            "locks/begun.json",
            "stacks/there/clusters/j-1",
            "work/begun/logs/x",
            "work/gone/logs/x",
            "work/there/logs/x",
            "work/there-not/logs/x",
            "work/No Stack/x",
            "work_$folder$",
        ];
        let keys = keys.map(str::to_owned);
        let orphans: Vec<_> = keys.iter().filter(|key| is_orphan(key, &keys)).collect();
        assert_eq!(orphans, ["work/gone/logs/x", "work/there-not/logs/x"]);
    }
}
