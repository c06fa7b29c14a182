//! The bucket: one for an account and region, each stack in its own part.

use super::Account;
use super::errors::{Doing, gone};
use super::names::{self, prefix, shared_tags};
use super::place::{self, LOCKS, WATCH};
use crate::cloud::CloudError;
use crate::cloud::api::s3::{
    AbortMultipartUpload, Body, Bucket, Condition, CreateBucket, DeleteBucket, DeleteObject,
    DeleteObjects, ListMultipartUploads, Listed, PutBucketEncryption, PutBucketLifecycle,
    PutBucketTagging, PutObject, PutPublicAccessBlock,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Run;
use std::time::Duration;
use tokio::time::Instant;

/// What nobody ends is aborted by S3 itself after so many days.
const ABORT_AFTER_DAYS: i32 = 1;
/// S3 deletes so many objects in one call.
const AT_ONCE: usize = 1_000;
/// A name whose bucket was just deleted is not free at once, and what was just made is not there
/// for every server of S3; AWS promises no figure.
pub(super) const SETTLING: Duration = Duration::from_secs(120);

impl<A: Api> Account<A> {
    /// The bare bucket: private and encrypted as all new ones are.
    pub(super) async fn make_bucket(&self, bucket: &Bucket) -> Result<(), CloudError> {
        let (name, region) = (bucket.name.clone(), self.settings.region.to_string());
        let (call, begun) = (CreateBucket { name, region }, Instant::now());
        loop {
            match self.api.serve(call.clone()).await {
                // One of that name is still on its way out.
                Err(error) if error.kind == Kind::Precondition && begun.elapsed() < SETTLING => {
                    self.breathe().await;
                }
                made => return made.doing(|| format!("make bucket {}", bucket.name)),
            }
        }
    }

    /// A pause while S3 settles.
    pub(super) async fn breathe(&self) {
        let least = Duration::from_secs(2);
        tokio::time::sleep(least + self.dice.up_to(Duration::from_secs(3))).await;
    }

    /// Closes the bucket for good, then gives the stack its part of it.
    pub(super) async fn create_bucket(&self, stack: &StackName) -> Result<(), CloudError> {
        let (bucket, begun) = (self.bucket().await?, Instant::now());
        if self.seen.borrow().objects.is_none() {
            self.make_bucket(&bucket).await?;
        }
        let closed = loop {
            match self.close_bucket(&bucket).await {
                // Made a moment ago, if not here then for the lock.
                Err(error) if error.kind == Kind::NotFound && begun.elapsed() < SETTLING => {
                    self.breathe().await;
                }
                closed => break closed,
            }
        };
        closed.doing(|| format!("close bucket {}", bucket.name))?;
        let key = place::marker(stack);
        loop {
            let call = PutObject {
                bucket: bucket.clone(),
                key: key.clone(),
                body: Body::Bytes(Vec::new()),
                condition: Condition::Always,
            };
            match self.api.serve(call).await {
                Err(error) if error.kind == Kind::NotFound && begun.elapsed() < SETTLING => {
                    self.breathe().await;
                }
                put => return put.doing(|| format!("write {key}")).map(|_| ()),
            }
        }
    }

    async fn close_bucket(&self, bucket: &Bucket) -> Result<(), ApiError> {
        let of = || bucket.clone();
        let abort_uploads_after_days = ABORT_AFTER_DAYS;
        let (closed, encrypted, lifecycle, tagged) = tokio::join!(
            self.api.serve(PutPublicAccessBlock { bucket: of() }),
            self.api.serve(PutBucketEncryption { bucket: of() }),
            self.api.serve(PutBucketLifecycle {
                bucket: of(),
                abort_uploads_after_days
            }),
            self.api.serve(PutBucketTagging {
                bucket: of(),
                tags: shared_tags()
            }),
        );
        closed.and(encrypted).and(lifecycle).and(tagged)
    }

    /// A small object; its ETag.
    pub(super) async fn put(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition,
    ) -> Result<String, CloudError> {
        let (bucket, body) = (self.bucket().await?, Body::Bytes(body));
        let call = PutObject {
            bucket,
            key: key.to_owned(),
            body,
            condition,
        };
        self.api.serve(call).await.doing(|| format!("write {key}"))
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), CloudError> {
        let (bucket, key) = (self.bucket().await?, key.to_owned());
        let deleted = self.api.serve(DeleteObject {
            bucket,
            key: key.clone(),
            unchanged: None,
        });
        gone(deleted.await).doing(|| format!("delete {key}"))
    }

    pub(super) async fn delete_all(&self, keys: Vec<String>) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        for keys in keys.chunks(AT_ONCE) {
            let call = DeleteObjects {
                bucket: bucket.clone(),
                keys: keys.to_vec(),
            };
            self.api
                .serve(call)
                .await
                .doing(|| format!("empty bucket {}", bucket.name))?;
        }
        Ok(())
    }

    /// The stack's part of the bucket, with what was begun and not ended there.
    pub(super) async fn delete_objects(&self, stack: &StackName) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        for prefix in [prefix(stack), names::work(stack)] {
            self.abort_uploads(&bucket, &prefix).await?;
            let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
            self.delete_all(listed.into_iter().filter_map(key).collect())
                .await?;
        }
        self.seen.borrow_mut().objects = None;
        Ok(())
    }

    pub(super) async fn abort_uploads(
        &self,
        bucket: &Bucket,
        prefix: &str,
    ) -> Result<(), CloudError> {
        let (of, prefix) = (bucket.clone(), prefix.to_owned());
        let begun = self
            .api
            .serve(ListMultipartUploads { bucket: of, prefix })
            .await;
        for upload in begun.doing(|| "list uploads that were not ended".to_owned())? {
            let (bucket, key) = (bucket.clone(), upload.key);
            let call = AbortMultipartUpload {
                bucket,
                key,
                upload: upload.id,
            };
            gone(self.api.serve(call).await).doing(|| "abort an upload".to_owned())?;
        }
        Ok(())
    }

    /// Deletes the bucket where no stack has anything in it any more. Locks of the dead do not
    /// count; where nothing else is left it is worth a minute to find out whose they are.
    pub(super) async fn leave_bucket(&self) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let call = DeleteBucket {
            bucket: bucket.clone(),
        };
        match gone(self.api.serve(call.clone()).await) {
            Err(error) if error.kind == Kind::InUse => {}
            deleted => return deleted.doing(|| format!("delete bucket {}", bucket.name)),
        }
        let listed = self.list(&bucket, "", None).await?.unwrap_or_default();
        let keys: Vec<String> = listed.into_iter().filter_map(key).collect();
        if keys
            .iter()
            .any(|key| !key.starts_with(LOCKS) && key != WATCH)
        {
            return Ok(());
        }
        for key in keys {
            if let Some(lock) = self.abandoned(&bucket, &key).await? {
                lock.remove(&*self.api, &bucket, &key).await?;
            }
        }
        match gone(self.api.serve(call).await) {
            Err(error) if error.kind == Kind::InUse => Ok(()),
            deleted => deleted.doing(|| format!("delete bucket {}", bucket.name)),
        }
    }

    pub(super) async fn remember(&self, stack: &StackName, run: &Run) -> Result<(), CloudError> {
        let key = place::run(stack, run);
        self.put(&key, Vec::new(), Condition::Always)
            .await
            .map(|_| ())
    }

    pub(super) async fn forget(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        self.delete(&place::cluster(stack, id.as_str())).await?;
        self.seen.borrow_mut().clusters.remove(id);
        Ok(())
    }
}

pub(super) fn key(listed: Listed) -> Option<String> {
    match listed {
        Listed::Object { key, .. } => Some(key),
        Listed::Prefix(_) => None,
    }
}
