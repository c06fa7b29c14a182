//! S3's objects: lists, reads, writes and their conditions.

use super::refusal::Refusal;
use super::s3::{Object, StoredBucket, refused};
use super::world::{Answer, State};
use chrono::{DateTime, Utc};
use clusterup::cloud::api::s3::{
    BAD_DIGEST, Body, Condition, Content, DeleteObject, DeleteObjects, Download, GetObject,
    HeadObject, ListObjects, Listed, PutObject,
};
use clusterup::cloud::api::{Kind, Page};
use clusterup::model::hex::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::ops::Bound;

const PAGE: usize = 1_000;
const LONGEST_KEY: usize = 1_024;

/// The ETag depends on the content alone, as in S3: equal objects have equal ETags.
pub(super) fn etag(body: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(body)[..16]))
}

pub(super) fn check_key(key: &str) -> Result<(), Refusal> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(refused("KeyTooLongError", "Your key is empty or too long"));
    }
    Ok(())
}

/// An error of the local disk, not of S3.
pub(super) fn disk(error: &std::io::Error) -> Refusal {
    refused("Disk", error.to_string())
}

/// S3 computes the checksum of what arrived.
pub(super) fn check_crc32(body: &[u8], said: Option<u32>) -> Result<(), Refusal> {
    if said.is_some_and(|said| said != crc32fast::hash(body)) {
        let message = "The CRC32 you specified did not match the calculated checksum.";
        return Err(refused(BAD_DIGEST, message));
    }
    Ok(())
}

fn failed() -> Refusal {
    let message = "At least one of the pre-conditions you specified did not hold";
    Refusal::new(Kind::Precondition, "PreconditionFailed", message)
}

impl StoredBucket {
    fn object(&self, key: &str) -> Result<&Object, Refusal> {
        self.objects.get(key).ok_or_else(|| {
            let message = format!("The specified key does not exist: {key}");
            Refusal::new(Kind::NotFound, "NoSuchKey", message)
        })
    }
}

impl Answer for ListObjects {
    fn answer(self, state: &mut State) -> Result<Page<Listed>, Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        let after = self.next.unwrap_or_default();
        let from = Bound::Included(after.as_str().max(&self.prefix));
        let mut items: Vec<Listed> = Vec::new();
        let mut last = String::new();
        for (key, object) in bucket.objects.range::<str, _>((from, Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(&self.prefix) else {
                break;
            };
            let ends = |sign: char| rest.find(sign).map(|at| at + sign.len_utf8());
            let deeper = self.delimiter.and_then(ends);
            let name = deeper.map_or(key.as_str(), |end| &key[..self.prefix.len() + end]);
            if name <= after.as_str() || name == last {
                continue;
            }
            if items.len() == PAGE {
                let next = Some(last);
                return Ok(Page { items, next });
            }
            last = name.to_owned();
            items.push(match deeper {
                Some(_) => Listed::Prefix(last.clone()),
                None => Listed::Object {
                    key: last.clone(),
                    bytes: object.body.len() as u64,
                    modified: object.modified,
                },
            });
        }
        Ok(Page { items, next: None })
    }
}

impl Answer for GetObject {
    fn answer(self, state: &mut State) -> Result<Content, Refusal> {
        let object = state.s3.bucket(&self.bucket)?.object(&self.key)?;
        let most = usize::try_from(self.max).unwrap_or(usize::MAX);
        Ok(Content {
            body: object.body[..object.body.len().min(most)].to_vec(),
            cut: object.body.len() > most,
            etag: object.etag.clone(),
            modified: object.modified,
        })
    }
}

impl Answer for Download {
    fn answer(self, state: &mut State) -> Result<u64, Refusal> {
        let object = state.s3.bucket(&self.bucket)?.object(&self.key)?;
        fs::write(&self.to, &object.body).map_err(|error| disk(&error))?;
        Ok(object.body.len() as u64)
    }
}

impl Answer for HeadObject {
    fn answer(self, state: &mut State) -> Result<u64, Refusal> {
        let object = state.s3.bucket(&self.bucket)?.object(&self.key)?;
        Ok(object.body.len() as u64)
    }
}

impl Answer for PutObject {
    fn answer(self, state: &mut State) -> Result<String, Refusal> {
        let now = state.now;
        let bucket = state.s3.bucket(&self.bucket)?;
        check_key(&self.key)?;
        let body = match self.body {
            Body::Bytes(bytes) => bytes,
            Body::File(path, crc32) => {
                let body = fs::read(path).map_err(|error| disk(&error))?;
                check_crc32(&body, crc32)?;
                body
            }
        };
        match self.condition {
            Condition::Always => {}
            Condition::Absent if bucket.objects.contains_key(&self.key) => return Err(failed()),
            Condition::Absent => {}
            Condition::Unchanged(etag) => {
                if bucket.object(&self.key)?.etag != etag {
                    return Err(failed());
                }
            }
        }
        Ok(bucket.put(self.key, body, now))
    }
}

impl StoredBucket {
    /// The object's ETag.
    pub(super) fn put(&mut self, key: String, body: Vec<u8>, modified: DateTime<Utc>) -> String {
        let etag = etag(&body);
        let object = Object {
            body,
            etag: etag.clone(),
            modified,
        };
        self.objects.insert(key, object);
        etag
    }
}

impl Answer for DeleteObject {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        // The condition is of an object that is there; without one, S3 answers as if it held.
        if let (Some(etag), Ok(object)) = (self.unchanged, bucket.object(&self.key))
            && object.etag != etag
        {
            return Err(failed());
        }
        bucket.objects.remove(&self.key);
        Ok(())
    }
}

impl Answer for DeleteObjects {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        if self.keys.is_empty() || self.keys.len() > PAGE {
            let message = "The XML you provided was not well-formed";
            return Err(refused("MalformedXML", message));
        }
        for key in &self.keys {
            bucket.objects.remove(key);
        }
        Ok(())
    }
}
