//! Amazon S3: the bucket, its objects, and conditional writes.

use super::{Page, call, service};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

service! {
    CreateBucket, PutPublicAccessBlock, PutBucketLifecycle, GetBucketPolicy, PutBucketPolicy,
    DeleteBucket, ListObjects, GetObject, Download, HeadObject, PutObject, DeleteObject,
    DeleteObjects, CreateMultipartUpload, UploadPart, CompleteMultipartUpload,
    AbortMultipartUpload, ListMultipartUploads,
}

/// A bucket, and the account that must own it, so that another account's bucket of that name is
/// never used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// ExpectedBucketOwner: 12 digits; `None` to accept any owner.
    pub owner: Option<String>,
}

/// Creates a bucket. Succeeds if the account owns it already.
#[derive(Debug, Clone)]
pub struct CreateBucket {
    /// The name of the new bucket.
    pub name: String,
    /// LocationConstraint: the region of the bucket.
    pub region: String,
}
call!(CreateBucket, "s3:CreateBucket", changes, (), name, region);

/// Blocks all public access to a bucket.
#[derive(Debug, Clone)]
pub struct PutPublicAccessBlock {
    /// The bucket.
    pub bucket: Bucket,
}
call!(
    PutPublicAccessBlock,
    "s3:PutBucketPublicAccessBlock",
    changes,
    (),
    bucket
);

/// Reads the region of a bucket. Any region's endpoint answers.
#[derive(Debug, Clone)]
pub struct GetBucketLocation {
    /// The bucket.
    pub bucket: Bucket,
}
call!(
    GetBucketLocation,
    "s3:GetBucketLocation",
    reads,
    String,
    bucket
);

/// Makes S3 abort multipart uploads that are not completed after some days.
#[derive(Debug, Clone)]
pub struct PutBucketLifecycle {
    /// The bucket.
    pub bucket: Bucket,
    /// DaysAfterInitiation, in days.
    pub abort_uploads_after_days: i32,
}
call!(
    PutBucketLifecycle,
    "s3:PutLifecycleConfiguration",
    changes,
    (),
    bucket
);

/// Reads the bucket's policy, in JSON. [`super::Kind::NotFound`] if it has none.
#[derive(Debug, Clone)]
pub struct GetBucketPolicy {
    /// The bucket.
    pub bucket: Bucket,
}
call!(GetBucketPolicy, "s3:GetBucketPolicy", reads, String, bucket);

/// Writes the bucket's policy.
#[derive(Debug, Clone)]
pub struct PutBucketPolicy {
    /// The bucket.
    pub bucket: Bucket,
    /// In JSON.
    pub document: String,
}
call!(PutBucketPolicy, "s3:PutBucketPolicy", changes, (), bucket);

/// Deletes a bucket. [`super::Kind::InUse`] while it holds objects.
#[derive(Debug, Clone)]
pub struct DeleteBucket {
    /// The bucket.
    pub bucket: Bucket,
}
call!(DeleteBucket, "s3:DeleteBucket", changes, (), bucket);

/// Lists up to 1,000 objects below a prefix, in order of their keys. With a delimiter, deeper keys
/// are grouped into common prefixes.
#[derive(Debug, Clone)]
pub struct ListObjects {
    /// The bucket.
    pub bucket: Bucket,
    /// The prefix of the keys.
    pub prefix: String,
    /// Delimiter; `None` to list all keys.
    pub delimiter: Option<char>,
    /// The token of the page to read; `None` for the first.
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

/// An entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// An object.
    Object {
        /// The object's key.
        key: String,
        /// Size in bytes.
        bytes: u64,
        /// LastModified.
        modified: DateTime<Utc>,
    },
    /// A common prefix, including the delimiter at its end.
    Prefix(String),
}

/// The most that is read of a note, a lock, an intent or a primary's report, in bytes.
const MAX_NOTE: u64 = 1 << 20;
/// The most that is read of a team's account, in bytes.
pub const MAX_ACCOUNT: u64 = 16 << 20;

/// Reads a small object, up to a limit: others may have replaced it by a large one.
#[derive(Debug, Clone)]
pub struct GetObject {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
    /// The most to read, in bytes.
    pub max: u64,
}
call!(GetObject, "s3:GetObject", reads, Content, bucket, key);

impl GetObject {
    /// Reads a note, a lock, or another object that clusterup itself keeps small.
    pub const fn note(bucket: Bucket, key: String) -> Self {
        Self {
            bucket,
            key,
            max: MAX_NOTE,
        }
    }
}

/// The content of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The content, up to the limit.
    pub body: Vec<u8>,
    /// Whether the object is longer than the limit.
    pub cut: bool,
    /// Opaque, including its quotes.
    pub etag: String,
    /// LastModified.
    pub modified: DateTime<Utc>,
}

/// Downloads an object into a file, which is created or replaced. Returns its length in bytes.
#[derive(Debug, Clone)]
pub struct Download {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
    /// The file to write.
    pub to: PathBuf,
}
call!(Download, "s3:GetObject", reads, u64, bucket, key);

/// Reads an object's length in bytes.
#[derive(Debug, Clone)]
pub struct HeadObject {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
}
call!(HeadObject, "s3:GetObject", reads, u64, bucket, key);

/// The content to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Bytes in memory.
    Bytes(Vec<u8>),
    /// A whole file, read while it is sent. With its CRC-32, S3 refuses other content
    /// ([`BAD_DIGEST`]).
    File(PathBuf, Option<u32>),
}

/// The code with which S3 refuses content that has another checksum than the call says (S3 API, "List
/// of error codes").
#[cfg_attr(closed, expect(dead_code, reason = "doubles of S3 answer with it"))]
pub const BAD_DIGEST: &str = "BadDigest";

/// The condition of a write. If it does not hold, [`super::Kind::Precondition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// No condition.
    Always,
    /// The key has no object (`If-None-Match: *`).
    Absent,
    /// The object has this ETag (`If-Match`). [`super::Kind::NotFound`] if there is no object.
    Unchanged(String),
}

/// Writes an object. Returns its ETag.
#[derive(Debug, Clone)]
pub struct PutObject {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
    /// The content to write.
    pub body: Body,
    /// The condition of the write.
    pub condition: Condition,
}
call!(PutObject, "s3:PutObject", changes, String, bucket, key);

/// Deletes an object. Succeeds if there is none.
#[derive(Debug, Clone)]
pub struct DeleteObject {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
    /// Only if the object has this ETag; otherwise [`super::Kind::Precondition`].
    pub unchanged: Option<String>,
}
call!(DeleteObject, "s3:DeleteObject", changes, (), bucket, key);

/// Deletes up to 1,000 objects.
#[derive(Debug, Clone)]
pub struct DeleteObjects {
    /// The bucket.
    pub bucket: Bucket,
    /// The objects' keys, up to 1,000.
    pub keys: Vec<String>,
}
call!(DeleteObjects, "s3:DeleteObject", changes, (), bucket, keys);

/// Starts a multipart upload. Returns its id.
#[derive(Debug, Clone)]
pub struct CreateMultipartUpload {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
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

/// Uploads bytes `offset..offset + bytes` of a file as part `number`, counted from 1. Returns the
/// part's ETag.
#[derive(Debug, Clone)]
pub struct UploadPart {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
    /// UploadId.
    pub upload: String,
    /// PartNumber, from 1.
    pub number: i32,
    /// The file to read.
    pub from: PathBuf,
    /// The first byte of the part in the file.
    pub offset: u64,
    /// The length of the part in bytes.
    pub bytes: u64,
}
call!(UploadPart, "s3:PutObject", changes, String, bucket, key);

/// Completes a multipart upload from its parts, in order.
#[derive(Debug, Clone)]
pub struct CompleteMultipartUpload {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
    /// UploadId.
    pub upload: String,
    /// The parts' ETags, in order.
    pub etags: Vec<String>,
    /// The CRC-32 of the whole object; S3 refuses other content ([`BAD_DIGEST`]).
    pub crc32: Option<u32>,
}
call!(
    CompleteMultipartUpload,
    "s3:PutObject",
    changes,
    (),
    bucket,
    key
);

/// Aborts a multipart upload. Succeeds if there is none.
#[derive(Debug, Clone)]
pub struct AbortMultipartUpload {
    /// The bucket.
    pub bucket: Bucket,
    /// The object's key.
    pub key: String,
    /// UploadId.
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

/// Lists incomplete multipart uploads below a prefix.
#[derive(Debug, Clone)]
pub struct ListMultipartUploads {
    /// The bucket.
    pub bucket: Bucket,
    /// The prefix of the keys.
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

/// An incomplete multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The object's key.
    pub key: String,
    /// UploadId.
    pub id: String,
}
