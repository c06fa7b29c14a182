//! Policies in S3: reads the files below a prefix and caches them on this machine for when AWS
//! cannot be reached.

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

/// A prefix of a bucket, such as `s3://bucket/policies`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    bucket: Bucket,
    /// Empty, or with a slash at its end.
    key: String,
}

/// The policy files below a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFiles {
    /// Each file's `s3://` address and text.
    pub files: Vec<(String, String)>,
    /// When the files were read, if they come from the cache.
    pub stale: Option<DateTime<Utc>>,
}

/// The cached files.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Copy {
    at: DateTime<Utc>,
    files: Vec<(String, String)>,
}

/// How long cached files may be used.
const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// A longer file is refused.
const MAX_BYTES: u64 = 256 << 10;

/// A prefix with more files is refused.
const MAX_FILES: usize = 200;

impl Prefix {
    /// Parses `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// Returns an error if the text names no bucket.
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

    /// The region of the bucket. A client of any region may be used.
    ///
    /// # Errors
    /// Returns an error if the bucket's location cannot be read.
    pub async fn region<A: Serve<GetBucketLocation>>(&self, api: &A) -> Result<String, CloudError> {
        let bucket = self.bucket.clone();
        let region = api.serve(GetBucketLocation { bucket }).await;
        region.map_err(|error| self.unreadable(error))
    }

    /// Reads the files that end in `.yaml` or `.yml`, in order, without those in deeper folders.
    ///
    /// # Errors
    /// Returns an error if the files cannot be read and there is no cached copy of at most a day.
    pub async fn read<A>(
        &self,
        api: &A,
        cache: &Path,
        now: DateTime<Utc>,
    ) -> Result<PolicyFiles, CloudError>
    where
        A: Serve<ListObjects> + Serve<GetObject>,
    {
        let path = self.cache_file(cache);
        match self.fetch(api).await {
            Ok(files) => {
                let copy = Copy { at: now, files };
                // If the cache cannot be written, the next run reads the files again.
                let _ = serde_json::to_vec(&copy).map(|text| write_whole(&path, &text));
                Ok(PolicyFiles {
                    files: copy.files,
                    stale: None,
                })
            }
            Err(error) => self.cached(error, cache, now),
        }
    }

    /// The cached files, if AWS could not be reached.
    ///
    /// # Errors
    /// Returns the given error if it has another class, or if there is no cached copy of at most a
    /// day.
    pub fn cached(
        &self,
        error: CloudError,
        cache: &Path,
        now: DateTime<Utc>,
    ) -> Result<PolicyFiles, CloudError> {
        if error.class != Class::Unreachable {
            return Err(error);
        }
        let text = disk::bytes(&self.cache_file(cache), 4 * disk::RECORD).ok();
        let copy = text.and_then(|text| serde_json::from_slice::<Copy>(&text).ok());
        match copy.filter(|copy| now - copy.at <= MAX_AGE) {
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
            let max = MAX_BYTES;
            let read = api.serve(GetObject { bucket, key, max }).await;
            let content = read.map_err(|error| self.unreadable(error))?;
            // The file has grown since it was listed. A part of a policy would be another policy.
            if content.cut {
                return Err(too_long(&name, None));
            }
            let text = String::from_utf8(content.body).map_err(|_| {
                let message = format!("{name} is not a text file");
                CloudError::new(Class::Input, message).hint("fix the file, or remove it")
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
            let page = listed.map_err(|error| self.unreadable(error))?;
            if let Some(Listed::Object { key, bytes, .. }) = page.items.iter().find(is_too_long) {
                let name = format!("s3://{}/{key}", self.bucket.name);
                return Err(too_long(&name, Some(*bytes)));
            }
            keys.extend(page.items.into_iter().filter_map(policy));
            if keys.len() > MAX_FILES {
                let message = format!("there are more than {MAX_FILES} files in {self}");
                let error = CloudError::new(Class::Input, message);
                return Err(error.hint("name a prefix that holds policies and nothing else"));
            }
            match page.next {
                Some(next) => call.next = Some(next),
                None => return Ok(keys),
            }
        }
    }

    fn unreadable(&self, error: ApiError) -> CloudError {
        let error = match unserved(error) {
            Ok(explained) => return explained,
            Err(error) => error,
        };
        let unreachable = matches!(error.kind, Kind::OutcomeUnknown | Kind::Throttled);
        let class = if unreachable {
            Class::Unreachable
        } else {
            Class::Failed
        };
        let message = format!("cannot read the policies in {self}: {error}");
        CloudError::new(class, message).hint("nothing is admitted without them: check the access")
    }

    fn cache_file(&self, cache: &Path) -> PathBuf {
        let name = hex(&Sha256::digest(self.to_string()));
        cache.join(format!("{}.json", &name[..16]))
    }
}

fn too_long(name: &str, bytes: Option<u64>) -> CloudError {
    let max = MAX_BYTES / 1024;
    let size = bytes.map_or_else(
        || "too long".to_owned(),
        |bytes| format!("{bytes} bytes long"),
    );
    let message = format!("{name} is not a policy: it is {size}");
    let hint = format!("move it elsewhere; a policy has at most {max} KiB");
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

fn is_too_long(listed: &&Listed) -> bool {
    let Listed::Object { key, bytes, .. } = listed else {
        return false;
    };
    is_yaml(key) && *bytes > MAX_BYTES
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("s3://{}/{}", self.bucket.name, self.key))
    }
}
