//! Amazon S3: the bucket, what lies in it, and conditional writes.

use super::{Page, call};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// A bucket, and the account that must own it, so that nobody else's of that name is taken for ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    pub owner: Option<String>,
}

/// Success, too, where we own it already.
#[derive(Debug, Clone)]
pub struct CreateBucket {
    pub name: String,
    pub region: String,
}
call!(CreateBucket, "s3:CreateBucket", changes, (), name, region);

/// All four blocks.
#[derive(Debug, Clone)]
pub struct PutPublicAccessBlock {
    pub bucket: Bucket,
}
call!(
    PutPublicAccessBlock,
    "s3:PutBucketPublicAccessBlock",
    changes,
    (),
    bucket
);

/// The region that a bucket is in, whatever region is asked.
#[derive(Debug, Clone)]
pub struct GetBucketLocation {
    pub bucket: Bucket,
}
call!(
    GetBucketLocation,
    "s3:GetBucketLocation",
    reads,
    String,
    bucket
);

/// Aborts uploads that were begun this many days ago and not ended.
#[derive(Debug, Clone)]
pub struct PutBucketLifecycle {
    pub bucket: Bucket,
    pub abort_uploads_after_days: i32,
}
call!(
    PutBucketLifecycle,
    "s3:PutLifecycleConfiguration",
    changes,
    (),
    bucket
);

/// The bucket's policy, in JSON; [`super::Kind::NotFound`] where it has none.
#[derive(Debug, Clone)]
pub struct GetBucketPolicy {
    pub bucket: Bucket,
}
call!(GetBucketPolicy, "s3:GetBucketPolicy", reads, String, bucket);

/// The bucket's one policy, made or replaced.
#[derive(Debug, Clone)]
pub struct PutBucketPolicy {
    pub bucket: Bucket,
    /// In JSON.
    pub document: String,
}
call!(PutBucketPolicy, "s3:PutBucketPolicy", changes, (), bucket);

/// Refused while anything is in it ([`super::Kind::InUse`]).
#[derive(Debug, Clone)]
pub struct DeleteBucket {
    pub bucket: Bucket,
}
call!(DeleteBucket, "s3:DeleteBucket", changes, (), bucket);

/// Up to 1,000 of the objects below a prefix, in order of their keys. With a delimiter, what lies
/// deeper is told by its common prefixes alone.
#[derive(Debug, Clone)]
pub struct ListObjects {
    pub bucket: Bucket,
    pub prefix: String,
    pub delimiter: Option<char>,
    pub next: Option<String>,
}
call!(
    ListObjects,
    "s3:ListBucket",
    reads,
    Page<Listed>,
    bucket,
    prefix
);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    Object {
        key: String,
        bytes: u64,
        modified: DateTime<Utc>,
    },
    /// Of a listing with a delimiter, the delimiter at its end.
    Prefix(String),
}

/// What a note, a lock, an intent or a word of the primary has at most, in bytes.
const NOTE: u64 = 1 << 20;
/// What a team's account has at most.
pub const BOOK: u64 = 16 << 20;

/// A small object. Others may write where it lies, so no more of it is read than it may have.
#[derive(Debug, Clone)]
pub struct GetObject {
    pub bucket: Bucket,
    pub key: String,
    /// In bytes.
    pub most: u64,
}
call!(GetObject, "s3:GetObject", reads, Content, bucket, key);

impl GetObject {
    /// A note, a lock, or another object that clusterup itself keeps small.
    pub const fn note(bucket: Bucket, key: String) -> Self {
        let most = NOTE;
        Self { bucket, key, most }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub body: Vec<u8>,
    /// Whether the object has more than was asked for.
    pub cut: bool,
    /// Opaque, in its quotes.
    pub etag: String,
    pub modified: DateTime<Utc>,
}

/// An object into a file, which is made or replaced; its bytes.
#[derive(Debug, Clone)]
pub struct Download {
    pub bucket: Bucket,
    pub key: String,
    pub to: PathBuf,
}
call!(Download, "s3:GetObject", reads, u64, bucket, key);

/// An object's bytes.
#[derive(Debug, Clone)]
pub struct HeadObject {
    pub bucket: Bucket,
    pub key: String,
}
call!(HeadObject, "s3:GetObject", reads, u64, bucket, key);

/// What an object is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Bytes(Vec<u8>),
    /// A whole file, read while it is sent.
    File(PathBuf),
}

/// Under what condition a write happens; if it does not hold, [`super::Kind::Precondition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Always,
    /// Nothing is there (`If-None-Match: *`).
    Absent,
    /// What is there has this ETag (`If-Match`). [`super::Kind::NotFound`] where nothing is there.
    Unchanged(String),
}

/// The new object's ETag.
#[derive(Debug, Clone)]
pub struct PutObject {
    pub bucket: Bucket,
    pub key: String,
    pub body: Body,
    pub condition: Condition,
}
call!(PutObject, "s3:PutObject", changes, String, bucket, key);

/// Success, too, where nothing is there.
#[derive(Debug, Clone)]
pub struct DeleteObject {
    pub bucket: Bucket,
    pub key: String,
    /// Only where it has this ETag ([`super::Kind::Precondition`]).
    pub unchanged: Option<String>,
}
call!(DeleteObject, "s3:DeleteObject", changes, (), bucket, key);

/// Up to 1,000 keys.
#[derive(Debug, Clone)]
pub struct DeleteObjects {
    pub bucket: Bucket,
    pub keys: Vec<String>,
}
call!(DeleteObjects, "s3:DeleteObject", changes, (), bucket, keys);

/// The upload's id.
#[derive(Debug, Clone)]
pub struct CreateMultipartUpload {
    pub bucket: Bucket,
    pub key: String,
}
call!(
    CreateMultipartUpload,
    "s3:PutObject",
    changes,
    String,
    bucket,
    key
);

/// Bytes `offset..offset + bytes` of a file as part `number`, from 1; the part's ETag.
#[derive(Debug, Clone)]
pub struct UploadPart {
    pub bucket: Bucket,
    pub key: String,
    pub upload: String,
    pub number: i32,
    pub from: PathBuf,
    pub offset: u64,
    pub bytes: u64,
}
call!(UploadPart, "s3:PutObject", changes, String, bucket, key);

/// Part 1 first.
#[derive(Debug, Clone)]
pub struct CompleteMultipartUpload {
    pub bucket: Bucket,
    pub key: String,
    pub upload: String,
    pub etags: Vec<String>,
}
call!(
    CompleteMultipartUpload,
    "s3:PutObject",
    changes,
    (),
    bucket,
    key
);

/// Success, too, where it is not there.
#[derive(Debug, Clone)]
pub struct AbortMultipartUpload {
    pub bucket: Bucket,
    pub key: String,
    pub upload: String,
}
call!(
    AbortMultipartUpload,
    "s3:AbortMultipartUpload",
    changes,
    (),
    bucket,
    key
);

/// Uploads below a prefix that were begun and not ended: key and id.
#[derive(Debug, Clone)]
pub struct ListMultipartUploads {
    pub bucket: Bucket,
    pub prefix: String,
}
call!(
    ListMultipartUploads,
    "s3:ListBucketMultipartUploads",
    reads,
    Vec<Upload>,
    bucket,
    prefix
);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub key: String,
    pub id: String,
}
