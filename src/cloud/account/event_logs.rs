//! Event logs in the bucket, which drivers write below what instances may write.

use super::errors::Context;
use super::layout::{self, MARKER};
use super::stage::for_each_concurrently;
use super::{Account, names};
use crate::cloud::api::Api;
use crate::cloud::api::s3::{Bucket, Condition, Download, GetObject, Listed};
use crate::cloud::error::IoContext;
use crate::cloud::event_log::{self, Parts};
use crate::cloud::{CloudError, EventLogs};
use crate::model::configurations::Configurations;
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::event::{Event, Listener};
use crate::model::event_log::{self as settings, Form};
use crate::model::observed::{Cluster, Run};
use crate::model::relative::RelativePath;
use crate::model::software::SPARK_DEFAULTS;
use crate::model::step_command::{MAX_CHARS, StepCommand};
use crate::model::work::Work;
use crate::summary::Application;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;

/// The most that is read of one object. Rolled files are far smaller; of an older Spark's one file,
/// the rest is not read.
const MAX_BYTES: u64 = 256 << 20;

/// How many applications of a run, and how many files of each, are read: a job may write any number.
const MAX_APPLICATIONS: usize = 20;
const MAX_PARTS: usize = 1_000;

#[async_trait(?Send)]
impl<A: Api> EventLogs for Account<A> {
    async fn applications(
        &self,
        cluster: &Cluster,
        run: &Run,
    ) -> Result<Vec<Application>, CloudError> {
        let Some(events) = self.event_objects(cluster, run).await? else {
            return Ok(Vec::new());
        };
        let below = events.below();
        let mut found = Vec::new();
        let applications = event_log::applications(below.map(|(name, _)| name));
        for names in applications.into_iter().take(MAX_APPLICATIONS) {
            let mut parts = Parts::default();
            for name in names.into_iter().take(MAX_PARTS) {
                if parts.is_full() {
                    break;
                }
                let get = GetObject {
                    bucket: events.bucket.clone(),
                    key: format!("{}{name}", events.prefix),
                    max: MAX_BYTES,
                };
                let content = self.api.serve(get).await;
                let content = content.with_context(|| format!("read event log {name}"))?;
                // It takes seconds for a large file, in which a lease has to be renewed.
                let part = name.to_owned();
                let read = move || {
                    parts.read(&part, content.body.as_slice());
                    parts
                };
                let read = tokio::task::spawn_blocking(read).await;
                let read = read.map_err(io::Error::from);
                parts = read.during(|| format!("read event log {name}"))?;
            }
            found.extend(parts.finish());
        }
        Ok(found)
    }

    async fn copy_event_logs(
        &self,
        cluster: &Cluster,
        run: &Run,
        to: &Path,
        listener: &dyn Listener,
    ) -> Result<usize, CloudError> {
        let Some(events) = self.event_objects(cluster, run).await? else {
            return Ok(0);
        };
        let names: Vec<(RelativePath, u64)> = event_log::to_copy(events.below())?
            .into_iter()
            .filter_map(|(name, bytes)| Some((name.parse().ok()?, bytes)))
            .take(MAX_APPLICATIONS * MAX_PARTS)
            .collect();
        let applications = event_log::applications(names.iter().map(|(name, _)| name.as_str()));
        let many = applications.len();
        let total = names.iter().map(|(_, bytes)| bytes).sum();
        let done = Cell::new(0);
        for_each_concurrently(names, async |(name, bytes)| {
            let place = to.join(&name);
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
            }
            let download = Download {
                bucket: events.bucket.clone(),
                key: format!("{}{name}", events.prefix),
                to: place,
            };
            let fetched = self.api.serve(download).await;
            fetched.with_context(|| format!("download event log {name}"))?;
            done.set(done.get() + bytes);
            listener.on_event(&Event::Progress {
                what: "downloading event logs".to_owned(),
                done: done.get(),
                total,
            });
            Ok(())
        })
        .await?;
        Ok(many)
    }
}

/// The objects of a run's event logs.
pub(super) struct EventObjects {
    bucket: Bucket,
    prefix: String,
    listed: Vec<Listed>,
}

impl EventObjects {
    /// Their names below the prefix, and their sizes in bytes.
    pub(super) fn below(&self) -> impl Iterator<Item = (&str, u64)> {
        self.objects().map(|(name, bytes, _)| (name, bytes))
    }

    /// Their names below the prefix, and when each was written.
    pub(super) fn written(&self) -> impl Iterator<Item = (&str, DateTime<Utc>)> {
        self.objects().map(|(name, _, modified)| (name, modified))
    }

    fn objects(&self) -> impl Iterator<Item = (&str, u64, DateTime<Utc>)> {
        self.listed.iter().filter_map(|listed| match listed {
            Listed::Object {
                key,
                bytes,
                modified,
            } => Some((key.strip_prefix(&self.prefix)?, *bytes, *modified)),
            Listed::Prefix(_) => None,
        })
    }
}

impl<A: Api> Account<A> {
    /// Lists the event logs of a run; `None` for a cluster that is not one of clusterup.
    pub(super) async fn event_objects(
        &self,
        cluster: &Cluster,
        run: &Run,
    ) -> Result<Option<EventObjects>, CloudError> {
        let name = {
            let observed = self.observed.borrow();
            let observed = observed.clusters.get(&cluster.id);
            observed.map(|observed| observed.cluster.name.clone())
        };
        let Some((stack, nonce)) = name.as_deref().and_then(names::of_cluster) else {
            return Ok(None);
        };
        let bucket = self.bucket().await?;
        let prefix = layout::events(&stack, nonce, &run.job, run.number);
        let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
        Ok(Some(EventObjects {
            bucket,
            prefix,
            listed,
        }))
    }
}

/// Where the event logs of a run go, and what decides about their settings.
pub(super) struct Destination {
    /// The folder, as a location of S3.
    folder: String,
    form: Form,
    /// The cluster's own configurations, which win.
    configurations: Configurations,
}

impl Destination {
    /// The command of a step, with the settings of its event log if it has room for them.
    pub(super) fn logged(
        &self,
        step: &StepSpec,
        command: impl Fn(&StepSpec) -> StepCommand,
    ) -> StepCommand {
        let plain = command(step);
        if !is_sparks(step) {
            return plain;
        }
        let mut step = step.clone();
        let defaults = |key: &str| self.configurations.get(&[SPARK_DEFAULTS], key).is_some();
        let ours = settings::settings(&self.folder, &step.name, self.form);
        settings::add(&mut step.conf, ours, defaults);
        let logged = command(&step);
        if logged.chars() > MAX_CHARS {
            plain
        } else {
            logged
        }
    }
}

/// Whether Spark runs a step of this kind with settings of ours.
const fn is_sparks(step: &StepSpec) -> bool {
    matches!(step.work, Work::Script(_) | Work::Jar { .. } | Work::Sql(_))
}

impl<A: Api> Account<A> {
    /// Makes the folder of a run's event logs, on a cluster of this name, release and configurations.
    /// Spark does not start if it is missing. `None` if no step of the job writes any.
    pub(super) async fn event_folder(
        &self,
        run: (&JobSpec, u32),
        name: &str,
        release: &str,
        configurations: Configurations,
    ) -> Result<Option<Destination>, CloudError> {
        let (job, number) = run;
        let Some((stack, nonce)) = names::of_cluster(name) else {
            return Ok(None);
        };
        if !job.steps.iter().any(is_sparks) {
            return Ok(None);
        }
        let prefix = layout::events(&stack, nonce, &job.hash, number);
        // S3 has no folders: what lies below makes it one.
        let marker = format!("{prefix}{MARKER}");
        self.put(&marker, Vec::new(), Condition::Always).await?;
        let bucket = self.bucket().await?.name;
        Ok(Some(Destination {
            folder: format!("s3://{bucket}/{prefix}"),
            form: Form::of_release(release),
            configurations,
        }))
    }
}
