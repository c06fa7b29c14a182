//! The logs of running drivers, as EMR uploads them about every five minutes.

use super::Account;
use super::cluster_logs::place;
use super::errors::Context;
use crate::cloud::api::Api;
use crate::cloud::api::s3::{GetObject, Listed};
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::log;
use crate::cloud::{DriverLogs, Uploaded, UploadedLog};
use crate::model::name::ClusterId;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// The longest log that is read again and again, in bytes as it is stored: compressed.
const MAX_BYTES: u64 = 16 << 20;

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
        let Some((uri, step_id, folder)) = self.step_log(id, step) else {
            return Ok(Uploaded::Absent);
        };
        let Some((bucket, prefix)) = place(&uri) else {
            return Ok(Uploaded::Absent);
        };
        let bucket = self.bucket_of_logs(&bucket).await?;
        let prefix = format!("{prefix}{id}/steps/{step_id}/stderr");
        let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
        let logs = listed.into_iter().filter_map(|listed| match listed {
            Listed::Object {
                key,
                bytes,
                modified,
            } => {
                let is_log = matches!(key.strip_prefix(&prefix)?, "" | ".gz");
                is_log.then_some((modified, bytes, key))
            }
            Listed::Prefix(_) => None,
        });
        let Some((modified, bytes, key)) = logs.max() else {
            return Ok(Uploaded::Absent);
        };
        if bytes > MAX_BYTES {
            return Ok(Uploaded::TooLong);
        }
        if known.is_some_and(|known| modified <= known) {
            return Ok(Uploaded::Unchanged);
        }
        let name = format!("steps/{folder}/stderr");
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
}

impl<A: Api> Account<A> {
    /// Where a cluster's logs are, and id and folder of its step of this number.
    fn step_log(&self, id: &ClusterId, step: usize) -> Option<(String, String, String)> {
        let observed = self.observed.borrow();
        let uri = observed.clusters.get(id)?.cluster.log_uri.clone()?;
        let steps = observed.steps.get(id)?;
        let (step_id, folder) = steps.get(step.checked_sub(1)?)?.clone();
        Some((uri, step_id, folder))
    }
}
