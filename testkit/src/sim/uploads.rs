//! S3's multipart uploads.

use super::objects::{check_crc32, check_key, disk, etag};
use super::refusal::Refusal;
use super::s3::{StoredBucket, refused};
use super::world::{Answer, State};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::s3::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload, ListMultipartUploads,
    Upload, UploadPart,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Every part but the last.
const SMALLEST_PART: usize = 5 << 20;
const MOST_PARTS: i32 = 10_000;

/// An upload that was begun and not ended.
pub(super) struct Begun {
    pub(super) key: String,
    parts: BTreeMap<i32, Part>,
}

struct Part {
    body: Vec<u8>,
    etag: String,
}

impl StoredBucket {
    fn upload(&mut self, id: &str, key: &str) -> Result<&mut Begun, Refusal> {
        let upload = self.uploads.get_mut(id);
        upload.filter(|upload| upload.key == key).ok_or_else(|| {
            let message = "The upload ID may be invalid, or the upload may have been aborted or \
                           completed.";
            Refusal::new(Kind::NotFound, "NoSuchUpload", message)
        })
    }
}

fn read(path: &Path, offset: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut body = Vec::new();
    file.take(bytes).read_to_end(&mut body)?;
    if body.len() as u64 == bytes {
        Ok(body)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

impl Answer for CreateMultipartUpload {
    fn answer(self, state: &mut State) -> Result<String, Refusal> {
        check_key(&self.key)?;
        let id = format!("upload-{:016x}", state.rng.next());
        let bucket = state.s3.bucket(&self.bucket)?;
        let begun = Begun {
            key: self.key,
            parts: BTreeMap::new(),
        };
        bucket.uploads.insert(id.clone(), begun);
        Ok(id)
    }
}

impl Answer for UploadPart {
    fn answer(self, state: &mut State) -> Result<String, Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        let upload = bucket.upload(&self.upload, &self.key)?;
        if !(1..=MOST_PARTS).contains(&self.number) {
            let message = "Part number must be an integer between 1 and 10000, inclusive";
            return Err(refused("InvalidArgument", message));
        }
        let body = read(&self.from, self.offset, self.bytes).map_err(|error| disk(&error))?;
        let etag = etag(&body);
        let part = Part {
            body,
            etag: etag.clone(),
        };
        upload.parts.insert(self.number, part);
        Ok(etag)
    }
}

impl Answer for CompleteMultipartUpload {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let now = state.now;
        let bucket = state.s3.bucket(&self.bucket)?;
        let upload = bucket.upload(&self.upload, &self.key)?;
        let mut body = Vec::new();
        for (number, etag) in (1..).zip(&self.etags) {
            let part = upload.parts.get(&number).filter(|part| part.etag == *etag);
            let part = part.ok_or_else(|| {
                let message = "One or more of the specified parts could not be found";
                refused("InvalidPart", message)
            })?;
            let is_last = usize::try_from(number) == Ok(self.etags.len());
            if !is_last && part.body.len() < SMALLEST_PART {
                let message = "Your proposed upload is smaller than the minimum allowed size";
                return Err(refused("EntityTooSmall", message));
            }
            body.extend_from_slice(&part.body);
        }
        if self.etags.is_empty() {
            return Err(refused("MalformedXML", "An upload needs a part"));
        }
        check_crc32(&body, self.crc32)?;
        bucket.uploads.remove(&self.upload);
        bucket.put(self.key, body, now);
        Ok(())
    }
}

impl Answer for AbortMultipartUpload {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        if bucket.upload(&self.upload, &self.key).is_ok() {
            bucket.uploads.remove(&self.upload);
        }
        Ok(())
    }
}

impl Answer for ListMultipartUploads {
    fn answer(self, state: &mut State) -> Result<Vec<Upload>, Refusal> {
        let bucket = state.s3.bucket(&self.bucket)?;
        let below = |upload: &&Begun| upload.key.starts_with(&self.prefix);
        let uploads = bucket.uploads.iter();
        let mut found: Vec<_> = uploads
            .filter(|(_, upload)| below(upload))
            .map(|(id, upload)| Upload {
                key: upload.key.clone(),
                id: id.clone(),
            })
            .collect();
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }
}
