//! The logs of running drivers, as EMR uploads them about every five minutes.

use super::Account;
use super::cluster_logs::place;
use super::errors::Context;
use crate::cloud::api::Api;
use crate::cloud::api::s3::{Bucket, GetObject, Listed};
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::log;
use crate::cloud::{DriverLogs, Uploaded, UploadedLog};
use crate::model::app_ui::ApplicationId;
use crate::model::name::ClusterId;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// The longest log that is read again and again, in bytes as it is stored: compressed.
const MAX_BYTES: u64 = 16 << 20;

/// How many logs of containers are listed: the first container of an attempt is before its others.
const MAX_CONTAINERS: usize = 4_000;

#[async_trait(?Send)]
impl<A: Api> DriverLogs for Account<A> {
    /// A minute: EMR uploads no log more often.
    fn read_interval(&self) -> Duration {
        self.settings.poll * 2
    }

    async fn uploaded_log(
        &self,
        id: &ClusterId,
        step: usize,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError> {
        self.uploaded_file(id, step, "stderr", known).await
    }

    async fn uploaded_output(
        &self,
        id: &ClusterId,
        step: usize,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError> {
        self.uploaded_file(id, step, "stdout", known).await
    }

    async fn uploaded_driver_log(
        &self,
        id: &ClusterId,
        application: &ApplicationId,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError> {
        let uri = {
            let observed = self.observed.borrow();
            let replies = observed.clusters.get(id);
            replies.and_then(|replies| replies.cluster.log_uri.clone())
        };
        let Some((bucket, prefix)) = uri.as_deref().and_then(place) else {
            return Ok(Uploaded::Absent);
        };
        let bucket = self.bucket_of_logs(&bucket).await?;
        let prefix = format!("{prefix}{id}/containers/{application}/");
        let listed = self.list_up_to(MAX_CONTAINERS, &bucket, &prefix, None);
        let (listed, _) = listed.await?.unwrap_or_default();
        let logs = listed.into_iter().filter_map(stored);
        let drivers = logs.filter_map(|log| {
            let container = driver(log.key.strip_prefix(&prefix)?)?.to_owned();
            Some((container, log))
        });
        let last = drivers.max_by(|(one, _), (other, _)| one.cmp(other));
        let Some((container, log)) = last else {
            return Ok(Uploaded::Absent);
        };
        let name = format!("containers/{application}/{container}/stderr");
        self.uploaded(&bucket, Some(log), name, known).await
    }
}

/// The object of a log.
struct Stored {
    key: String,
    bytes: u64,
    modified: DateTime<Utc>,
}

fn stored(listed: Listed) -> Option<Stored> {
    match listed {
        Listed::Object {
            key,
            bytes,
            modified,
        } => Some(Stored {
            key,
            bytes,
            modified,
        }),
        Listed::Prefix(_) => None,
    }
}

/// The container of a driver, or of an application master: the first of its attempt. `name` is of its
/// log, below the application's folder.
fn driver(name: &str) -> Option<&str> {
    let (container, file) = name.split_once('/')?;
    let is_log = matches!(file, "stderr" | "stderr.gz") && container.ends_with("_000001");
    is_log.then_some(container)
}

impl<A: Api> Account<A> {
    /// Reads a file among the logs of a step, unless it is too long or known.
    async fn uploaded_file(
        &self,
        id: &ClusterId,
        step: usize,
        file: &str,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError> {
        let Some((uri, step_id, folder)) = self.step_log(id, step) else {
            return Ok(Uploaded::Absent);
        };
        let Some((bucket, prefix)) = place(&uri) else {
            return Ok(Uploaded::Absent);
        };
        let bucket = self.bucket_of_logs(&bucket).await?;
        let prefix = format!("{prefix}{id}/steps/{step_id}/{file}");
        let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
        let logs = listed.into_iter().filter_map(stored);
        let logs = logs.filter(|log| matches!(log.key.strip_prefix(&prefix), Some("" | ".gz")));
        let log = logs.max_by_key(|log| log.modified);
        let name = format!("steps/{folder}/{file}");
        self.uploaded(&bucket, log, name, known).await
    }

    /// Reads a log, unless it is too long or known.
    async fn uploaded(
        &self,
        bucket: &Bucket,
        log: Option<Stored>,
        name: String,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError> {
        let Some(Stored {
            key,
            bytes,
            modified,
        }) = log
        else {
            return Ok(Uploaded::Absent);
        };
        if bytes > MAX_BYTES {
            return Ok(Uploaded::TooLong);
        }
        if known.is_some_and(|known| modified <= known) {
            return Ok(Uploaded::Unchanged);
        }
        let bucket = bucket.clone();
        let max = MAX_BYTES;
        let content = self.api.serve(GetObject { bucket, key, max }).await;
        let content = content.with_context(|| format!("read {name}"))?;
        let sections = log::excerpt::of_stream(content.body.as_slice());
        Ok(Uploaded::Log(UploadedLog {
            sections: sections.during(|| format!("unpack {name}"))?,
            name,
            at: content.modified,
        }))
    }

    /// Where a cluster's logs are, and id and folder of its step of this number.
    fn step_log(&self, id: &ClusterId, step: usize) -> Option<(String, String, String)> {
        let observed = self.observed.borrow();
        let uri = observed.clusters.get(id)?.cluster.log_uri.clone()?;
        let steps = observed.steps.get(id)?;
        let (step_id, folder) = steps.get(step.checked_sub(1)?)?.clone();
        Some((uri, step_id, folder))
    }
}

#[cfg(test)]
mod tests {
    use super::driver;

    #[test]
    fn a_driver_is_the_first_container_of_an_attempt() {
        let of = |name: &str| driver(name).map(str::to_owned);
        let first = "container_1_0001_02_000001";
        assert_eq!(of(&format!("{first}/stderr.gz")).as_deref(), Some(first));
        for other in ["container_1_0001_01_000002/stderr", "stderr"] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of(&format!("{first}/stdout.gz")), None);
    }
}
