//! Uploads files into the bucket: several at once, large ones in parts.

use super::Account;
use super::errors::{Context, explain};
use super::names;
use crate::cloud::api::s3::{
    AbortMultipartUpload, Body, Bucket, CompleteMultipartUpload, Condition, CreateMultipartUpload,
    HeadObject, PutObject, UploadPart,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::content::{self, HashingReader};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::sample::sample_lines;
use crate::disk;
use crate::model::desired::Object;
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

/// Concurrent uploads.
const CONCURRENCY: usize = 4;
/// Longer files are uploaded in parts of at least this size; S3 takes parts from 5 MiB, and up to
/// 10,000 of them.
const PART: u64 = 16 << 20;
const MAX_PARTS: u64 = 10_000;

/// Works on a few items at a time. Stops at the first error.
pub(super) async fn for_each_concurrently<T>(
    items: Vec<T>,
    work: impl AsyncFn(T) -> Result<(), CloudError>,
) -> Result<(), CloudError> {
    let left = RefCell::new(VecDeque::from(items));
    let worker = async || {
        loop {
            let item = left.borrow_mut().pop_front();
            let Some(item) = item else { return Ok(()) };
            work(item).await?;
        }
    };
    const { assert!(CONCURRENCY == 4, "as many workers as in the next line") };
    tokio::try_join!(worker(), worker(), worker(), worker()).map(|_| ())
}

/// A unit of work: a whole file, or one part.
enum Piece {
    Whole(usize),
    Part { file: usize, number: u64, of: u64 },
}

impl<A: Api> Account<A> {
    pub(super) async fn stage(
        &self,
        stack: &StackName,
        objects: &[Object],
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let prefix = names::prefix(stack);
        let uploads = objects.iter().map(|object| Upload::new(&prefix, object));
        let uploads = uploads.collect::<Result<Vec<_>, _>>()?;
        let total: u64 = uploads.iter().map(|upload| upload.bytes).sum();
        let done = Cell::new(0);
        let on_sent = |bytes: u64| {
            done.set(done.get() + bytes);
            let what = "staging".to_owned();
            let done = done.get();
            listener.on_event(&Event::Progress { what, done, total });
        };
        if uploads.iter().any(|upload| upload.parts() > 1) {
            // Incomplete uploads of a killed run cost money until they are aborted.
            self.abort_uploads(&bucket, &[&format!("{prefix}data/")])
                .await?;
        }
        let multipart = MultipartUploads::new(&uploads);
        let staged = self.send(&bucket, &uploads, &multipart, &on_sent).await;
        if staged.is_err() {
            self.abandon(&bucket, &uploads, &multipart).await;
        }
        staged
    }

    async fn send(
        &self,
        bucket: &Bucket,
        uploads: &[Upload<'_>],
        multipart: &MultipartUploads,
        on_sent: &dyn Fn(u64),
    ) -> Result<(), CloudError> {
        let mut pieces = Vec::new();
        for (file, upload) in uploads.iter().enumerate() {
            let of = upload.parts();
            if of == 1 {
                pieces.push(Piece::Whole(file));
                continue;
            }
            let of_bucket = bucket.clone();
            let key = upload.key.clone();
            let id = self
                .api
                .serve(CreateMultipartUpload {
                    bucket: of_bucket,
                    key,
                })
                .await;
            multipart.set(file, id.with_context(|| upload.context())?);
            pieces.extend((1..=of).map(|number| Piece::Part { file, number, of }));
        }
        for_each_concurrently(pieces, async |piece| match piece {
            Piece::Whole(file) => self.send_whole(bucket, &uploads[file], on_sent).await,
            Piece::Part { file, number, of } => {
                self.send_part(
                    bucket,
                    &uploads[file],
                    multipart,
                    (file, number, of),
                    on_sent,
                )
                .await
            }
        })
        .await
    }

    async fn send_whole(
        &self,
        bucket: &Bucket,
        upload: &Upload<'_>,
        on_sent: &dyn Fn(u64),
    ) -> Result<(), CloudError> {
        let call = PutObject {
            bucket: bucket.clone(),
            key: upload.key.clone(),
            body: Body::File(upload.from.to_path_buf(), upload.crc32),
            condition: Condition::Always,
        };
        let put = self.api.serve(call).await;
        put.map_err(|error| upload.failed(error))?;
        on_sent(upload.bytes);
        Ok(())
    }

    /// Sends a part. The last one to finish completes the upload.
    async fn send_part(
        &self,
        bucket: &Bucket,
        upload: &Upload<'_>,
        multipart: &MultipartUploads,
        (file, number, of): (usize, u64, u64),
        on_sent: &dyn Fn(u64),
    ) -> Result<(), CloudError> {
        let size = upload.part_size();
        let offset = (number - 1) * size;
        let bytes = size.min(upload.bytes - offset);
        let call = UploadPart {
            bucket: bucket.clone(),
            key: upload.key.clone(),
            upload: multipart.id(file),
            number: i32::try_from(number).unwrap_or(i32::MAX),
            from: upload.from.to_path_buf(),
            offset,
            bytes,
        };
        let sent = self.api.serve(call).await;
        let etag = sent.map_err(|error| upload.failed(error))?;
        on_sent(bytes);
        let Some(etags) = multipart.part_done(file, number, etag, of) else {
            return Ok(());
        };
        if upload.has_other_length() {
            return Err(changed(upload.original));
        }
        let key = upload.key.clone();
        let id = multipart.id(file);
        let call = CompleteMultipartUpload {
            bucket: bucket.clone(),
            key,
            upload: id,
            etags,
            crc32: upload.crc32,
        };
        match self.api.serve(call).await {
            // Completed by a call whose response was lost if the object exists.
            Err(error) if error.kind == Kind::NotFound => {
                let bucket = bucket.clone();
                let key = upload.key.clone();
                let there = self.api.serve(HeadObject { bucket, key }).await;
                there.with_context(|| upload.context()).map(|_| ())
            }
            ended => ended.map_err(|error| upload.failed(error)),
        }
    }

    async fn abandon(&self, bucket: &Bucket, uploads: &[Upload<'_>], multipart: &MultipartUploads) {
        for (file, upload) in uploads
            .iter()
            .enumerate()
            .filter(|(file, _)| multipart.has(*file))
        {
            let bucket = bucket.clone();
            let key = upload.key.clone();
            let call = AbortMultipartUpload {
                bucket,
                key,
                upload: multipart.id(file),
            };
            // If this fails, S3 aborts it in a day.
            let _ = self.api.serve(call).await;
        }
    }
}

/// The ids of multipart uploads, by file, with the ETags of their finished parts.
struct MultipartUploads(RefCell<Vec<(String, BTreeMap<u64, String>)>>);

impl MultipartUploads {
    fn new(uploads: &[Upload<'_>]) -> Self {
        Self(RefCell::new(vec![
            (String::new(), BTreeMap::new());
            uploads.len()
        ]))
    }

    fn set(&self, file: usize, id: String) {
        self.0.borrow_mut()[file].0 = id;
    }

    fn id(&self, file: usize) -> String {
        self.0.borrow()[file].0.clone()
    }

    fn has(&self, file: usize) -> bool {
        !self.0.borrow()[file].0.is_empty()
    }

    /// Records a finished part. Returns all ETags in order if it was the last one.
    fn part_done(&self, file: usize, number: u64, etag: String, of: u64) -> Option<Vec<String>> {
        let mut all = self.0.borrow_mut();
        let parts = &mut all[file].1;
        parts.insert(number, etag);
        (parts.len() as u64 == of).then(|| parts.values().cloned().collect())
    }
}

/// A file to upload.
struct Upload<'a> {
    key: String,
    from: Cow<'a, Path>,
    bytes: u64,
    /// With this, S3 accepts only the content whose digest is in the key: the file may change after it
    /// was read. `None` for a sample, which nobody else writes.
    crc32: Option<u32>,
    /// The user's own file, and its SHA-256.
    original: &'a Path,
    sha256: &'a str,
    /// Keeps the sampled file until it is uploaded. It is closed meanwhile: a folder may have more files
    /// than a process may open.
    _sampled: Option<TempPath>,
}

impl<'a> Upload<'a> {
    fn new(prefix: &str, object: &'a Object) -> Result<Self, CloudError> {
        let key = format!("{prefix}{}", object.key);
        let original = object.from.as_path();
        let sha256 = &object.sha256;
        let Some(sample) = object.sample else {
            return Ok(Self {
                key,
                from: Cow::from(original),
                bytes: object.bytes,
                crc32: Some(object.crc32),
                original,
                sha256,
                _sampled: None,
            });
        };
        let context = || format!("take a sample of {}", original.display());
        let mut into = NamedTempFile::new().during(context)?;
        let mut on_read = |_| {};
        let mut from = HashingReader::new(disk::open(original).during(context)?, &mut on_read);
        sample_lines(&mut from, into.as_file_mut(), sample).during(context)?;
        if from.sha256() != *sha256 {
            return Err(changed(original));
        }
        let bytes = into.as_file().metadata().during(context)?.len();
        let path = into.into_temp_path();
        Ok(Self {
            key,
            from: Cow::from(path.to_path_buf()),
            bytes,
            crc32: None,
            original,
            sha256,
            _sampled: Some(path),
        })
    }

    /// The part size: it grows with the file, so that S3's limit of parts suffices.
    fn part_size(&self) -> u64 {
        PART.max(self.bytes.div_ceil(MAX_PARTS))
    }

    fn parts(&self) -> u64 {
        self.bytes.div_ceil(self.part_size()).max(1)
    }

    fn context(&self) -> String {
        format!("stage {}", self.key)
    }

    fn has_other_length(&self) -> bool {
        let metadata = fs::metadata(&self.from);
        metadata.is_ok_and(|metadata| metadata.len() != self.bytes)
    }

    /// An upload that failed. S3 refuses content with another checksum, and a file that became shorter
    /// cannot be sent.
    fn failed(&self, error: ApiError) -> CloudError {
        let other_content = || {
            let digest = content::digest(self.original, &mut |_| {});
            error.kind == Kind::Invalid && digest.is_ok_and(|it| it.sha256 != self.sha256)
        };
        if self.has_other_length() || other_content() {
            return changed(self.original);
        }
        explain(error, self.context())
    }
}

fn changed(file: &Path) -> CloudError {
    let message = format!("{} was changed while it was staged", file.display());
    CloudError::new(Class::Input, message).hint("apply again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::Sampling;

    #[test]
    fn samples_of_many_files_are_not_open_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("a.csv");
        std::fs::write(&from, "n\n1\n2\n").unwrap();
        let share = "100%".parse().unwrap();
        let object = Object {
            key: "data/a.csv".to_owned(),
            from,
            bytes: 6,
            sha256: "b08a11a12effc9d6330979a26f9cc9ed89e5cbb45bfbdbf97e2a78fdaf66cfe9".to_owned(),
            crc32: 0,
            sample: Some(Sampling {
                share,
                header: true,
            }),
        };
        let open = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let before = open();
        let uploads: Vec<_> = (0..600)
            .map(|_| Upload::new("work/t/", &object).unwrap())
            .collect();
        // Other tests open files at the same time.
        assert!(open() < before + 300);
        assert!(uploads.iter().all(|upload| upload.from.exists()));
    }
}
