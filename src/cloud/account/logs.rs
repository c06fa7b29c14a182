//! Logs that EMR uploads about every five minutes and at the end, under readable names.

use super::Account;
use super::last_observation::{ListedLogs, LogObject};
use super::layout::{self, Note};
use super::observe::Objects;
use super::step_name;
use crate::cloud::api::s3::{Bucket, Listed};
use crate::cloud::api::{Api, emr};
use crate::cloud::{CloudError, LogVersion, Logs, StackLogs};
use crate::model::aws_names::LogFolder;
use crate::model::name::{ClusterId, StackName};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// How many clusters are searched for logs, newest first.
const LOOK_BACK: usize = 3;

/// How many logs of a cluster are listed. A request lists a thousand.
const MAX_LISTED: usize = 100_000;

#[async_trait(?Send)]
impl<A: Api> Logs for Account<A> {
    async fn logs(&self, stack: &StackName) -> Result<Option<StackLogs>, CloudError> {
        let ours = self.bucket().await?;
        let objects = self.objects(stack).await?.unwrap_or_default();
        for id in created_clusters(&objects).into_iter().rev().take(LOOK_BACK) {
            let logs = self.logs_of_ours(stack, &id, &ours, &objects).await?;
            let found = StackLogs::of(&id, logs.objects.keys().cloned());
            if found.is_some() {
                self.observed.borrow_mut().logs = logs;
                return Ok(found);
            }
        }
        Ok(None)
    }
}

impl<A: Api> Account<A> {
    /// The logs of one of a stack's clusters, which EMR may have forgotten.
    async fn logs_of_ours(
        &self,
        stack: &StackName,
        id: &ClusterId,
        ours: &Bucket,
        objects: &Objects,
    ) -> Result<ListedLogs, CloudError> {
        let below = layout::logs_of(id);
        let mut older = objects.range(below.clone()..);
        let mut bucket = ours.clone();
        let mut prefix = match older.next() {
            Some((key, _)) if key.starts_with(&below) => layout::older_logs(stack, id),
            Some(_) | None => layout::logs(stack, id),
        };
        let mut listed = self.list_logs(&bucket, &prefix).await?;
        if listed.0.is_empty()
            && let Some(folder) = self.own_folder(id).await?
        {
            // A bucket of the user's own, which may be another account's.
            bucket = Bucket {
                name: folder.bucket().to_owned(),
                owner: None,
            };
            prefix = format!("{}{id}/", folder.prefix());
            let there = self.list_logs(&bucket, &prefix).await;
            let says = || format!("the logs are in {folder}, which you need to be able to read");
            listed = there.map_err(|error| error.hint(says()))?;
        }
        if listed.0.is_empty() {
            return Ok(ListedLogs::default());
        }
        let steps = self.step_folders(id).await?;
        Ok(named(listed, &bucket, &prefix, &steps))
    }

    /// Lists a cluster's logs: all, or the first of too many and those of its steps. Returns them and
    /// whether there are more.
    pub(super) async fn list_logs(
        &self,
        bucket: &Bucket,
        prefix: &str,
    ) -> Result<(Vec<Listed>, bool), CloudError> {
        let listed = self.list_up_to(MAX_LISTED, bucket, prefix, None).await?;
        let (mut listed, is_cut) = listed.unwrap_or_default();
        if is_cut {
            let steps = format!("{prefix}steps/");
            let steps = self.list_up_to(MAX_LISTED, bucket, &steps, None).await?;
            listed.extend(steps.into_iter().flat_map(|(steps, _)| steps));
        }
        Ok((listed, is_cut))
    }

    /// The folder of the user's own that EMR uploads a cluster's logs to; `None` if they are in
    /// clusterup's bucket, or if EMR does not know the cluster any more.
    async fn own_folder(&self, id: &ClusterId) -> Result<Option<LogFolder>, CloudError> {
        let known = {
            let observed = self.observed.borrow();
            let observed = observed.clusters.get(id);
            observed.map(|observed| observed.cluster.settings.logs.clone())
        };
        match known {
            Some(folder) => Ok(folder),
            None => {
                let cluster = self.describe(id.as_str()).await?;
                Ok(cluster.and_then(|cluster| cluster.settings.logs))
            }
        }
    }

    /// The folders of steps by step id, named as on the local target: `01-load`.
    async fn step_folders(&self, id: &ClusterId) -> Result<BTreeMap<String, String>, CloudError> {
        let steps = self.steps(id.as_str()).await?;
        let folders = (1..).zip(&steps);
        Ok(folders
            .map(|(number, step)| (step.id.clone(), step_folder(number, step)))
            .collect())
    }
}

/// The folder of a step's logs, by its number from 1.
pub(super) fn step_folder(number: usize, step: &emr::Step) -> String {
    let name = step_name::read(&step.name).map(|step| step.name.to_string());
    crate::cloud::step_folder(number, name.as_ref().unwrap_or(&step.name))
}

/// The clusters that a stack has created, oldest first.
fn created_clusters(objects: &Objects) -> Vec<ClusterId> {
    let made = objects
        .iter()
        .filter_map(|(key, (_, at))| match layout::note(key)? {
            Note::Cluster(id) => Some((at, id.parse().ok()?)),
            Note::Intent(_) | Note::Run(_) => None,
        });
    let mut made: Vec<_> = made.collect();
    made.sort();
    made.into_iter().map(|(_, id)| id).collect()
}

/// The logs among what was listed below a prefix, by their names.
pub(super) fn named(
    (listed, is_cut): (Vec<Listed>, bool),
    bucket: &Bucket,
    prefix: &str,
    steps: &BTreeMap<String, String>,
) -> ListedLogs {
    let of = |listed: Listed| match listed {
        Listed::Object {
            key,
            bytes,
            modified,
        } => {
            let name = name(key.strip_prefix(prefix)?, steps);
            let modified = Some(modified);
            let object = LogObject {
                bucket: bucket.clone(),
                key,
                version: LogVersion { bytes, modified },
            };
            Some((name, object))
        }
        Listed::Prefix(_) => None,
    };
    ListedLogs {
        objects: listed.into_iter().filter_map(of).collect(),
        folder: format!("s3://{}/{prefix}", bucket.name),
        is_cut,
    }
}

/// `steps/s-…/stderr.gz` becomes `steps/01-load/stderr`.
fn name(key: &str, steps: &BTreeMap<String, String>) -> String {
    let key = key.strip_suffix(".gz").unwrap_or(key);
    let of_step = key
        .strip_prefix("steps/")
        .and_then(|rest| rest.split_once('/'));
    match of_step.and_then(|(id, rest)| Some((steps.get(id)?, rest))) {
        Some((folder, rest)) => format!("steps/{folder}/{rest}"),
        None => key.to_owned(),
    }
}
