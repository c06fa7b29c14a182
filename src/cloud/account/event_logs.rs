//! Event logs in the bucket, which drivers write below what instances may write.

use super::errors::Context;
use super::layout::{self, MARKER};
use super::{Account, names};
use crate::cloud::api::Api;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::event_log::{self, Parts};
use crate::cloud::{CloudError, EventLogs};
use crate::model::configurations::Configurations;
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::event_log::{self as settings, Form};
use crate::model::observed::{Cluster, Run};
use crate::model::software::SPARK_DEFAULTS;
use crate::model::step_command::{MAX_CHARS, StepCommand};
use crate::model::work::Work;
use crate::summary::Application;
use async_trait::async_trait;

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
        let name = {
            let observed = self.observed.borrow();
            let observed = observed.clusters.get(&cluster.id);
            observed.map(|observed| observed.cluster.name.clone())
        };
        let Some(name) = name else {
            return Ok(Vec::new());
        };
        let Some((stack, nonce)) = names::of_cluster(&name) else {
            return Ok(Vec::new());
        };
        let bucket = self.bucket().await?;
        let prefix = layout::events(&stack, nonce, &run.job, run.number);
        let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
        let keys: Vec<String> = listed.into_iter().filter_map(super::bucket::key).collect();
        let below = keys.iter().filter_map(|key| key.strip_prefix(&prefix));
        let mut found = Vec::new();
        for names in event_log::applications(below)
            .into_iter()
            .take(MAX_APPLICATIONS)
        {
            let mut parts = Parts::default();
            for name in names.into_iter().take(MAX_PARTS) {
                if parts.is_full() {
                    break;
                }
                let get = GetObject {
                    bucket: bucket.clone(),
                    key: format!("{prefix}{name}"),
                    max: MAX_BYTES,
                };
                let content = self.api.serve(get).await;
                let content = content.with_context(|| format!("read event log {name}"))?;
                parts.read(name, content.body.as_slice());
            }
            found.extend(parts.finish());
        }
        Ok(found)
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
