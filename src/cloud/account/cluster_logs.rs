//! The logs of one cluster, whoever created it: where its description says that EMR uploads them.

use super::Account;
use super::errors::Context;
use super::last_observation::{ListedLogs, LogObject, LogPlace};
use super::logs::named;
use super::stage::for_each_concurrently;
use super::step_name;
use crate::cloud::api::s3::{Bucket, Download, GetObject};
use crate::cloud::api::{Api, emr};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::log::{self, LogFile, LogListing, LoggedStep, StoredLogs};
use crate::cloud::roles::ClusterLogs;
use crate::model::event::{Event, Listener};
use crate::model::evidence::{LogRole, LogText, Section};
use crate::model::name::ClusterId;
use crate::model::shown;
use async_trait::async_trait;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often to look whether logs were uploaded, while they are waited for: 720 listings in twelve
/// minutes, for $0.0036 at S3's price.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// The reason of a cluster that ended because a step failed (EMR API, `ClusterStateChangeReasonCode`).
const STEP_FAILURE: &str = "STEP_FAILURE";

/// The most logs that are listed as often as that: one page of S3's.
const MAX_WATCHED: usize = 1_000;

#[async_trait(?Send)]
impl<A: Api> ClusterLogs for Account<A> {
    async fn logs_of(&self, id: &ClusterId) -> Result<Option<LogListing>, CloudError> {
        let Some(cluster) = self.known_or_described(id).await? else {
            return Ok(None);
        };
        let steps = self.steps(id.as_str()).await?;
        let folders: Vec<LoggedStep> = (1..).zip(&steps).map(logged).collect();
        let ids = steps.iter().map(|step| step.id.clone());
        let by_id = ids.zip(folders.iter().map(|step| step.folder.clone()));
        let place = match cluster.log_uri.as_deref().and_then(place) {
            Some((bucket, prefix)) => Some(LogPlace {
                bucket: self.bucket_of_logs(&bucket).await?,
                prefix: format!("{prefix}{id}/"),
                steps: by_id.collect(),
            }),
            None => None,
        };
        let places = match &place {
            Some(place) => self.places(place).await?,
            None => ListedLogs::default(),
        };
        let listing = LogListing {
            logs: places
                .objects
                .iter()
                .map(|(name, object)| (name.clone(), object.version))
                .collect(),
            state: cluster.state,
            ended_at: cluster.ended_at,
            was_ready: cluster.ready_at.is_some(),
            ended_by_step: cluster.reason.as_deref() == Some(STEP_FAILURE),
            steps: folders,
            messages: messages(&cluster),
        };
        let mut observed = self.observed.borrow_mut();
        observed.logs = places;
        observed.log_place = place;
        Ok(Some(listing))
    }

    fn stored_logs(&self) -> Option<StoredLogs> {
        let observed = self.observed.borrow();
        let logs = &observed.logs;
        let bytes = logs.objects.iter();
        let bytes = bytes.map(|(name, object)| (name.clone(), object.version.bytes));
        Some(StoredLogs {
            folder: logs.folder.clone(),
            bytes: bytes.collect(),
            is_cut: logs.is_cut,
        })
    }

    async fn await_logs(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let place = self.observed.borrow().log_place.clone();
        let place = place.filter(|_| self.observed.borrow().logs.objects.len() <= MAX_WATCHED);
        while let Some(place) = &place
            && Instant::now() + WATCH_INTERVAL < until
        {
            tokio::time::sleep(WATCH_INTERVAL).await;
            if self.have_logs_changed(place).await {
                return true;
            }
        }
        tokio::time::sleep_until(until).await;
        false
    }

    async fn sections(&self, id: &ClusterId, name: &str) -> Result<Vec<Section>, CloudError> {
        let LogObject { bucket, key, .. } = self.log_object(id, name)?;
        let max = log::MAX_BYTES;
        let content = self.api.serve(GetObject { bucket, key, max }).await;
        let content = content.with_context(|| format!("read {name}"))?;
        log::excerpt::of_stream(content.body.as_slice()).during(|| format!("unpack {name}"))
    }

    async fn fetch(
        &self,
        id: &ClusterId,
        names: &[String],
        listener: &dyn Listener,
    ) -> Result<Vec<LogFile>, CloudError> {
        let folder = tempfile::Builder::new().prefix("clusterup-logs-").tempdir();
        let folder = Arc::new(folder.during(|| "make a temporary folder for logs".to_owned())?);
        let objects = names.iter().map(|name| self.log_object(id, name));
        let objects: Vec<LogObject> = objects.collect::<Result<_, _>>()?;
        let total = objects.iter().map(|object| object.version.bytes).sum();
        let done = Cell::new(0);
        let fetched = (0..objects.len()).map(|it| LogFile::fetched(folder.clone(), it.to_string()));
        let fetched = fetched.collect();
        let numbered = objects.into_iter().enumerate().collect();
        for_each_concurrently(numbered, async |(index, object): (usize, LogObject)| {
            let LogObject {
                bucket,
                key,
                version,
            } = object;
            let name = key.clone();
            let to = folder.path().join(index.to_string());
            let got = self.api.serve(Download { bucket, key, to }).await;
            got.with_context(|| format!("download {name}"))?;
            done.set(done.get() + version.bytes);
            let what = "downloading logs".to_owned();
            let done = done.get();
            listener.on_event(&Event::Progress { what, done, total });
            Ok(())
        })
        .await?;
        Ok(fetched)
    }
}

impl<A: Api> Account<A> {
    /// The bucket of this name, which may be a bucket of the user's own and another account's.
    pub(super) async fn bucket_of_logs(&self, name: &str) -> Result<Bucket, CloudError> {
        let ours = self.bucket().await?;
        Ok(if name == ours.name {
            ours
        } else {
            Bucket {
                name: name.to_owned(),
                owner: None,
            }
        })
    }

    /// Where the logs of a cluster are, by their names.
    async fn places(&self, place: &LogPlace) -> Result<ListedLogs, CloudError> {
        let LogPlace {
            bucket,
            prefix,
            steps,
        } = place;
        let listed = self.list_logs(bucket, prefix).await;
        let says = || {
            let place = format!("s3://{}/{prefix}", bucket.name);
            format!("the logs are in {place}, which you need to be able to read")
        };
        let listed = listed.map_err(|error| error.hint(says()))?;
        Ok(named(listed, bucket, prefix, steps))
    }

    /// Whether logs were uploaded since they were listed. An error is not a change: the next listing
    /// returns it.
    async fn have_logs_changed(&self, place: &LogPlace) -> bool {
        let Ok(now) = self.places(place).await else {
            return false;
        };
        let observed = self.observed.borrow();
        let was = observed
            .logs
            .objects
            .iter()
            .map(|(name, it)| (name, it.version));
        !now.objects
            .iter()
            .map(|(name, it)| (name, it.version))
            .eq(was)
    }

    fn log_object(&self, id: &ClusterId, name: &str) -> Result<LogObject, CloudError> {
        let object = self.observed.borrow().logs.objects.get(name).cloned();
        object.ok_or_else(|| {
            let name = shown::line(name, 200);
            CloudError::new(Class::Input, format!("cluster {id} has no log {name}"))
        })
    }
}

/// The bucket and the prefix of `s3://bucket/prefix/`. EMR also writes the scheme `s3n`.
pub(super) fn place(uri: &str) -> Option<(String, String)> {
    let (scheme, rest) = uri.split_once("://")?;
    if !matches!(scheme, "s3" | "s3n" | "s3a") {
        return None;
    }
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_matches('/');
    let slash = if prefix.is_empty() { "" } else { "/" };
    Some((bucket.to_owned(), format!("{prefix}{slash}")))
}

/// A step with its folder, by its number from 1.
fn logged((number, step): (usize, &emr::Step)) -> LoggedStep {
    let folder = super::logs::step_folder(number, step);
    let said = step.failure.as_ref().and_then(emr::Failure::text);
    let named = format!("steps/{folder}/FailureDetails");
    LoggedStep {
        id: Some(step.id.clone()),
        name: step_name::read(&step.name)
            .map_or_else(|| step.name.clone(), |step| step.name.to_string()),
        state: step.state,
        started_at: step.started_at,
        ended_at: step.ended_at,
        failure: said.map(|text| LogText::whole(LogRole::Cloud, named, text)),
        folder,
    }
}

fn messages(cluster: &emr::Cluster) -> Vec<LogText> {
    let reason = [&cluster.reason, &cluster.message];
    let reason: Vec<&str> = reason.into_iter().flatten().map(String::as_str).collect();
    let details = cluster.details.iter();
    let details: Vec<String> = details
        .map(|detail| format!("{}: {}", detail.code, detail.message))
        .collect();
    let texts = [
        ("StateChangeReason", reason.join(": ")),
        ("ErrorDetails", details.join("\n")),
    ];
    let said = texts.into_iter().filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| LogText::whole(LogRole::Cloud, name, text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_folder_of_logs_is_read_as_emr_shows_it() {
        let of = |uri: &str| place(uri).map(|(bucket, prefix)| format!("{bucket} {prefix}"));
        for (uri, expected) in [
            ("s3://b/work/t/logs/", "b work/t/logs/"),
            ("s3n://b/logs", "b logs/"),
            ("s3://b/", "b "),
            ("s3a://b", "b "),
        ] {
            assert_eq!(of(uri).as_deref(), Some(expected), "{uri}");
        }
        assert_eq!(of("hdfs:///logs"), None);
    }
}
