//! S3's buckets: their owners, their protection, and their objects.

use super::ACCOUNT;
use super::refusal::Refusal;
use super::uploads::Begun;
use super::world::{Answer, State};
use chrono::{DateTime, Utc};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::s3::{
    Bucket, CreateBucket, DeleteBucket, PutBucketLifecycle, PutPublicAccessBlock,
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct S3 {
    pub(super) buckets: BTreeMap<String, StoredBucket>,
    /// Names that other accounts have.
    pub(super) taken: BTreeSet<String>,
}

/// A bucket of ours.
#[derive(Default)]
pub(super) struct StoredBucket {
    pub(super) private: bool,
    pub(super) abort_uploads_after_days: Option<i32>,
    /// In JSON.
    pub(super) policy: Option<String>,
    pub(super) objects: BTreeMap<String, Object>,
    /// By their ids.
    pub(super) uploads: BTreeMap<String, Begun>,
}

pub(super) struct Object {
    pub(super) body: Vec<u8>,
    pub(super) etag: String,
    pub(super) modified: DateTime<Utc>,
}

pub(super) fn refused(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Invalid, code, message)
}

impl S3 {
    pub(super) fn bucket(&mut self, bucket: &Bucket) -> Result<&mut StoredBucket, Refusal> {
        let denied = || Refusal::new(Kind::Denied, "AccessDenied", "Access Denied");
        if self.taken.contains(&bucket.name) {
            return Err(denied());
        }
        let missing = || {
            let message = format!("The specified bucket does not exist: {}", bucket.name);
            Refusal::new(Kind::NotFound, "NoSuchBucket", message)
        };
        let held = self.buckets.get_mut(&bucket.name).ok_or_else(missing)?;
        if bucket
            .owner
            .as_deref()
            .is_some_and(|owner| owner != ACCOUNT)
        {
            return Err(denied());
        }
        Ok(held)
    }
}

fn well_named(name: &str) -> bool {
    let sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.chars().all(sign)
        && name.starts_with(edge)
        && name.ends_with(edge)
        && !name.contains("..")
}

impl Answer for CreateBucket {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        if !well_named(&self.name) {
            let message = format!("The specified bucket is not valid: {}", self.name);
            return Err(refused("InvalidBucketName", message));
        }
        if state.s3.taken.contains(&self.name) {
            let message = "The requested bucket name is not available.";
            return Err(Refusal::new(Kind::Exists, "BucketAlreadyExists", message));
        }
        state.s3.buckets.entry(self.name).or_default();
        Ok(())
    }
}

impl Answer for PutPublicAccessBlock {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.s3.bucket(&self.bucket)?.private = true;
        Ok(())
    }
}

impl Answer for PutBucketLifecycle {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        if self.abort_uploads_after_days < 1 {
            let message = "'DaysAfterInitiation' must be a positive integer";
            return Err(refused("InvalidArgument", message));
        }
        bucket.abort_uploads_after_days = Some(self.abort_uploads_after_days);
        Ok(())
    }
}

impl Answer for DeleteBucket {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        if !bucket.objects.is_empty() || !bucket.uploads.is_empty() {
            let message = "The bucket you tried to delete is not empty";
            return Err(Refusal::new(Kind::InUse, "BucketNotEmpty", message));
        }
        state.s3.buckets.remove(&self.bucket.name);
        Ok(())
    }
}
