//! Files into the bucket: several at once, large ones in parts.

use super::Account;
use super::errors::Doing;
use super::names;
use crate::cloud::api::s3::{
    AbortMultipartUpload, Body, Bucket, CompleteMultipartUpload, Condition, CreateMultipartUpload,
    HeadObject, PutObject, UploadPart,
};
use crate::cloud::api::{Api, Kind};
use crate::cloud::content;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::sample::sample_lines;
use crate::disk;
use crate::model::desired::Object;
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use tempfile::NamedTempFile;

/// Uploads that go on at the same time.
const AT_ONCE: usize = 4;
/// Above this a file goes in parts; S3 takes parts of 5 MiB and more, and 10,000 of them.
const PART: u64 = 16 << 20;
const MOST_PARTS: u64 = 10_000;

/// Does some work for each item, a few at the same time; stops at the first that fails.
pub(super) async fn at_once<T>(
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
    const { assert!(AT_ONCE == 4, "as many workers as stand below") };
    tokio::try_join!(worker(), worker(), worker(), worker()).map(|_| ())
}

/// A piece of an upload: all of it, or one part.
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
        let (bucket, prefix) = (self.bucket().await?, names::prefix(stack));
        let uploads = objects.iter().map(|object| Upload::new(&prefix, object));
        let uploads = uploads.collect::<Result<Vec<_>, _>>()?;
        let total: u64 = uploads.iter().map(|upload| upload.bytes).sum();
        let done = Cell::new(0);
        let tell = |bytes: u64| {
            done.set(done.get() + bytes);
            let (what, done) = ("staging".to_owned(), done.get());
            listener.on_event(&Event::Progress { what, done, total });
        };
        if uploads.iter().any(|upload| upload.parts() > 1) {
            // What a killed run began here costs money until it is aborted.
            self.abort_uploads(&bucket, &format!("{prefix}data/"))
                .await?;
        }
        let begun = Begun::new(&uploads);
        let staged = self.send(&bucket, &uploads, &begun, &tell).await;
        if staged.is_err() {
            self.abandon(&bucket, &uploads, &begun).await;
        }
        staged?;
        for (upload, object) in uploads.iter().zip(objects) {
            if let Err(error) = upload.unchanged(object) {
                self.delete(&upload.key).await?;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        bucket: &Bucket,
        uploads: &[Upload<'_>],
        begun: &Begun,
        tell: &dyn Fn(u64),
    ) -> Result<(), CloudError> {
        let mut pieces = Vec::new();
        for (file, upload) in uploads.iter().enumerate() {
            let of = upload.parts();
            if of == 1 {
                pieces.push(Piece::Whole(file));
                continue;
            }
            let (of_bucket, key) = (bucket.clone(), upload.key.clone());
            let id = self
                .api
                .serve(CreateMultipartUpload {
                    bucket: of_bucket,
                    key,
                })
                .await;
            begun.set(file, id.doing(|| upload.doing())?);
            pieces.extend((1..=of).map(|number| Piece::Part { file, number, of }));
        }
        at_once(pieces, async |piece| match piece {
            Piece::Whole(file) => self.send_whole(bucket, &uploads[file], tell).await,
            Piece::Part { file, number, of } => {
                self.send_part(bucket, &uploads[file], begun, (file, number, of), tell)
                    .await
            }
        })
        .await
    }

    async fn send_whole(
        &self,
        bucket: &Bucket,
        upload: &Upload<'_>,
        tell: &dyn Fn(u64),
    ) -> Result<(), CloudError> {
        let call = PutObject {
            bucket: bucket.clone(),
            key: upload.key.clone(),
            body: Body::File(upload.from.to_path_buf()),
            condition: Condition::Always,
        };
        self.api.serve(call).await.doing(|| upload.doing())?;
        tell(upload.bytes);
        Ok(())
    }

    /// One part; the last to arrive ends the upload.
    async fn send_part(
        &self,
        bucket: &Bucket,
        upload: &Upload<'_>,
        begun: &Begun,
        (file, number, of): (usize, u64, u64),
        tell: &dyn Fn(u64),
    ) -> Result<(), CloudError> {
        let size = upload.part_size();
        let offset = (number - 1) * size;
        let bytes = size.min(upload.bytes - offset);
        let call = UploadPart {
            bucket: bucket.clone(),
            key: upload.key.clone(),
            upload: begun.id(file),
            number: i32::try_from(number).unwrap_or(i32::MAX),
            from: upload.from.to_path_buf(),
            offset,
            bytes,
        };
        let etag = self.api.serve(call).await.doing(|| upload.doing())?;
        tell(bytes);
        let Some(etags) = begun.arrived(file, number, etag, of) else {
            return Ok(());
        };
        let (key, id) = (upload.key.clone(), begun.id(file));
        let call = CompleteMultipartUpload {
            bucket: bucket.clone(),
            key,
            upload: id,
            etags,
        };
        match self.api.serve(call).await {
            // Ended already, by a call whose answer was lost: then the object is there.
            Err(error) if error.kind == Kind::NotFound => {
                let (bucket, key) = (bucket.clone(), upload.key.clone());
                let there = self.api.serve(HeadObject { bucket, key }).await;
                there.doing(|| upload.doing()).map(|_| ())
            }
            ended => ended.doing(|| upload.doing()),
        }
    }

    async fn abandon(&self, bucket: &Bucket, uploads: &[Upload<'_>], begun: &Begun) {
        for (file, upload) in uploads
            .iter()
            .enumerate()
            .filter(|(file, _)| begun.has(*file))
        {
            let (bucket, key) = (bucket.clone(), upload.key.clone());
            let call = AbortMultipartUpload {
                bucket,
                key,
                upload: begun.id(file),
            };
            // S3 aborts it by itself in a day, should this fail too.
            let _ = self.api.serve(call).await;
        }
    }
}

/// The multipart uploads that were begun, by file, with the ETags of what has arrived.
struct Begun(RefCell<Vec<(String, BTreeMap<u64, String>)>>);

impl Begun {
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

    /// All ETags in order once the last part is there.
    fn arrived(&self, file: usize, number: u64, etag: String, of: u64) -> Option<Vec<String>> {
        let mut all = self.0.borrow_mut();
        let parts = &mut all[file].1;
        parts.insert(number, etag);
        (parts.len() as u64 == of).then(|| parts.values().cloned().collect())
    }
}

/// A file on its way.
struct Upload<'a> {
    key: String,
    from: Cow<'a, Path>,
    bytes: u64,
    /// The part of the file that is sent, where it is not all of it.
    _sampled: Option<NamedTempFile>,
}

impl<'a> Upload<'a> {
    fn new(prefix: &str, object: &'a Object) -> Result<Self, CloudError> {
        let key = format!("{prefix}{}", object.key);
        let Some(sample) = object.sample else {
            let (from, bytes) = (Cow::from(&object.from), object.bytes);
            return Ok(Self {
                key,
                from,
                bytes,
                _sampled: None,
            });
        };
        let doing = || format!("take a part of {}", object.from.display());
        let mut into = NamedTempFile::new().during(doing)?;
        let mut from = disk::open(&object.from).during(doing)?;
        sample_lines(&mut from, into.as_file_mut(), sample).during(doing)?;
        let bytes = into.as_file().metadata().during(doing)?.len();
        let from = Cow::from(into.path().to_owned());
        Ok(Self {
            key,
            from,
            bytes,
            _sampled: Some(into),
        })
    }

    /// As many as S3 takes, of a size that grows with the file.
    fn part_size(&self) -> u64 {
        PART.max(self.bytes.div_ceil(MOST_PARTS))
    }

    fn parts(&self) -> u64 {
        self.bytes.div_ceil(self.part_size()).max(1)
    }

    fn doing(&self) -> String {
        format!("stage {}", self.key)
    }

    /// The key says what the content is, so the file must not have changed on the way.
    fn unchanged(&self, object: &Object) -> Result<(), CloudError> {
        let (sha256, _) = content::digest(&object.from, &mut |_| {})
            .during(|| format!("read {}", object.from.display()))?;
        if content::is_of_key(&object.key, &sha256) {
            return Ok(());
        }
        let message = format!("{} was changed while it was staged", object.from.display());
        Err(CloudError::new(Class::Input, message).hint("apply again"))
    }
}
