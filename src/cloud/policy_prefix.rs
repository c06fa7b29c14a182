//! A team's policies in S3: the files below a prefix, kept on this machine for when AWS is out of
//! reach.

use super::api::s3::{Bucket, GetBucketLocation, GetObject, ListObjects, Listed};
use super::api::{ApiError, Kind, Serve};
use super::error::{Class, CloudError};
use super::files::write_whole;
use super::unserved::unserved;
use crate::disk;
use crate::model::hex::hex;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A prefix such as `s3://bucket/policies`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    bucket: Bucket,
    /// Empty, or with a slash at its end.
    key: String,
}

/// The files that were found, by the names that people know them by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFiles {
    pub files: Vec<(String, String)>,
    /// When they were read, where that is not now.
    pub stale: Option<DateTime<Utc>>,
}

/// As it lies in the cache.
#[derive(Serialize, Deserialize)]
struct Copy {
    at: DateTime<Utc>,
    files: Vec<(String, String)>,
}

/// How long a copy may stand for what cannot be reached.
const FRESH: TimeDelta = TimeDelta::hours(24);

/// More is no text of a policy.
const MOST_BYTES: u64 = 256 << 10;

/// More is no folder of policies.
const MOST: usize = 200;

impl Prefix {
    /// # Errors
    /// A text that names no bucket.
    pub fn parse(text: &str) -> Result<Self, CloudError> {
        let rest = text.strip_prefix("s3://").unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            let message = format!("{text} names no bucket");
            let error = CloudError::new(Class::Input, message);
            return Err(error.hint("name policies in S3 as s3://BUCKET/PREFIX"));
        }
        let key = key.trim_end_matches('/');
        Ok(Self {
            bucket: Bucket {
                name: bucket.to_owned(),
                owner: None,
            },
            key: match key {
                "" => String::new(),
                key => format!("{key}/"),
            },
        })
    }

    /// The region that the bucket is in; any client may ask.
    ///
    /// # Errors
    /// What S3 said no with.
    pub async fn region<A: Serve<GetBucketLocation>>(&self, api: &A) -> Result<String, CloudError> {
        let bucket = self.bucket.clone();
        let told = api.serve(GetBucketLocation { bucket }).await;
        told.map_err(|error| self.unread(error))
    }

    /// The files that end in `.yaml` or `.yml`, not those of folders below, in order.
    ///
    /// # Errors
    /// What S3 said no with, where no copy that is a day old at most can stand for it.
    pub async fn read<A>(
        &self,
        api: &A,
        cache: &Path,
        now: DateTime<Utc>,
    ) -> Result<PolicyFiles, CloudError>
    where
        A: Serve<ListObjects> + Serve<GetObject>,
    {
        let copy = self.place(cache);
        match self.fetch(api).await {
            Ok(files) => {
                let kept = Copy { at: now, files };
                // What cannot be kept is read again the next time.
                let _ = serde_json::to_vec(&kept).map(|text| write_whole(&copy, &text));
                let (files, stale) = (kept.files, None);
                Ok(PolicyFiles { files, stale })
            }
            Err(error) => self.instead(error, cache, now),
        }
    }

    /// A copy where AWS cannot be reached.
    ///
    /// # Errors
    /// The same error, where it is another or where there is no copy young enough.
    pub fn instead(
        &self,
        error: CloudError,
        cache: &Path,
        now: DateTime<Utc>,
    ) -> Result<PolicyFiles, CloudError> {
        if error.class != Class::Unreachable {
            return Err(error);
        }
        let text = disk::bytes(&self.place(cache), 4 * disk::RECORD).ok();
        let copy = text.and_then(|text| serde_json::from_slice::<Copy>(&text).ok());
        match copy.filter(|copy| now - copy.at <= FRESH) {
            Some(Copy { at, files }) => Ok(PolicyFiles {
                files,
                stale: Some(at),
            }),
            None => Err(error),
        }
    }

    async fn fetch<A>(&self, api: &A) -> Result<Vec<(String, String)>, CloudError>
    where
        A: Serve<ListObjects> + Serve<GetObject>,
    {
        let mut files = Vec::new();
        for key in self.list(api).await? {
            let name = format!("s3://{}/{key}", self.bucket.name);
            let bucket = self.bucket.clone();
            let most = MOST_BYTES;
            let read = api.serve(GetObject { bucket, key, most }).await;
            let content = read.map_err(|error| self.unread(error))?;
            // It has grown since it was listed, and a part of a policy is another policy.
            if content.cut {
                return Err(too_much(&name, None));
            }
            let text = String::from_utf8(content.body).map_err(|_| {
                let message = format!("{name} is no text");
                CloudError::new(Class::Input, message).hint("mend the file, or remove it")
            })?;
            files.push((name, text));
        }
        Ok(files)
    }

    async fn list<A: Serve<ListObjects>>(&self, api: &A) -> Result<Vec<String>, CloudError> {
        let mut call = ListObjects {
            bucket: self.bucket.clone(),
            prefix: self.key.clone(),
            delimiter: Some('/'),
            next: None,
        };
        let mut keys = Vec::new();
        loop {
            let listed = api.serve(call.clone()).await;
            let page = listed.map_err(|error| self.unread(error))?;
            if let Some(Listed::Object { key, bytes, .. }) = page.items.iter().find(too_long) {
                let name = format!("s3://{}/{key}", self.bucket.name);
                return Err(too_much(&name, Some(*bytes)));
            }
            keys.extend(page.items.into_iter().filter_map(policy));
            if keys.len() > MOST {
                let message = format!("more than {MOST} files lie in {self}");
                let error = CloudError::new(Class::Input, message);
                return Err(error.hint("name the prefix below which policies lie and nothing else"));
            }
            match page.next {
                Some(next) => call.next = Some(next),
                None => return Ok(keys),
            }
        }
    }

    fn unread(&self, error: ApiError) -> CloudError {
        let error = match unserved(error) {
            Ok(told) => return told,
            Err(error) => error,
        };
        let away = matches!(error.kind, Kind::Doubt | Kind::Throttled);
        let class = if away {
            Class::Unreachable
        } else {
            Class::Failed
        };
        let message = format!("cannot read the policies in {self}: {error}");
        CloudError::new(class, message).hint("without them nothing is admitted: see to the access")
    }

    fn place(&self, cache: &Path) -> PathBuf {
        let name = hex(&Sha256::digest(self.to_string()));
        cache.join(format!("{}.json", &name[..16]))
    }
}

fn too_much(name: &str, bytes: Option<u64>) -> CloudError {
    let most = MOST_BYTES / 1024;
    let has = bytes.map_or_else(|| "more".to_owned(), |bytes| format!("{bytes} bytes"));
    let message = format!("{name} is no policy: it has {has}");
    let hint = format!("move it elsewhere; a policy has {most} KiB at most");
    CloudError::new(Class::Input, message).hint(hint)
}

fn policy(listed: Listed) -> Option<String> {
    match listed {
        Listed::Object { key, .. } => is_yaml(&key).then_some(key),
        Listed::Prefix(_) => None,
    }
}

fn is_yaml(key: &str) -> bool {
    let name = key.to_ascii_lowercase();
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn too_long(listed: &&Listed) -> bool {
    let Listed::Object { key, bytes, .. } = listed else {
        return false;
    };
    is_yaml(key) && *bytes > MOST_BYTES
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("s3://{}/{}", self.bucket.name, self.key))
    }
}
