//! Logs that EMR uploads about every five minutes and at the end, under readable names.

use super::Account;
use super::errors::Context;
use super::layout::{self, Note};
use super::observe::Objects;
use super::step_name;
use crate::cloud::api::s3::{Bucket, GetObject, Listed};
use crate::cloud::api::{Api, emr};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::{Logs, log};
use crate::model::aws_names::LogFolder;
use crate::model::name::{ClusterId, StackName};
use async_trait::async_trait;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;

/// How many clusters are searched for logs, newest first.
const LOOK_BACK: usize = 3;

#[async_trait(?Send)]
impl<A: Api> Logs for Account<A> {
    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError> {
        let logs = self.logs_by_name(stack).await?;
        let mut names: Vec<String> = logs.into_keys().collect();
        // Steps first: people look for them most.
        names.sort_by_key(|name| (!name.starts_with("steps/"), name.clone()));
        Ok(names)
    }

    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError> {
        let known = self.observed.borrow().logs.get(name).cloned();
        let place = match known {
            Some(place) => Some(place),
            None => self.logs_by_name(stack).await?.remove(name),
        };
        let Some((bucket, key)) = place else {
            let message = format!("stack {stack} has no log {name}");
            return Err(CloudError::new(Class::Input, message));
        };
        let max = log::MAX_BYTES;
        let get = GetObject {
            bucket,
            key: key.clone(),
            max,
        };
        let content = self.api.serve(get).await;
        let content = content.with_context(|| format!("read {name}"))?;
        let text = if key.ends_with(".gz") {
            // EMR may still be writing the file: show the complete part.
            log::read(MultiGzDecoder::new(content.body.as_slice()), max)
                .during(|| format!("unpack {name}"))?
        } else {
            content.body
        };
        Ok(if content.cut { log::cut(text) } else { text })
    }
}

impl<A: Api> Account<A> {
    /// The logs of the newest cluster that has any: names, and where they are.
    async fn logs_by_name(
        &self,
        stack: &StackName,
    ) -> Result<BTreeMap<String, (Bucket, String)>, CloudError> {
        let ours = self.bucket().await?;
        let objects = self.objects(stack).await?.unwrap_or_default();
        for id in created_clusters(&objects).into_iter().rev().take(LOOK_BACK) {
            let below = layout::logs_of(&id);
            let mut older = objects.range(below.clone()..);
            let mut bucket = ours.clone();
            let mut prefix = match older.next() {
                Some((key, _)) if key.starts_with(&below) => layout::older_logs(stack, &id),
                Some(_) | None => layout::logs(stack, &id),
            };
            let mut listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
            if listed.is_empty()
                && let Some(folder) = self.own_folder(&id).await?
            {
                // A bucket of the user's own, which may be another account's.
                bucket = Bucket {
                    name: folder.bucket().to_owned(),
                    owner: None,
                };
                prefix = format!("{}{id}/", folder.prefix());
                let there = self.list(&bucket, &prefix, None).await;
                let says =
                    || format!("the logs are in {folder}, which you need to be able to read");
                listed = there
                    .map_err(|error| error.hint(says()))?
                    .unwrap_or_default();
            }
            if listed.is_empty() {
                continue;
            }
            let steps = self.step_folders(&id).await?;
            let named = |listed: Listed| match listed {
                Listed::Object { key, .. } => {
                    let name = name(key.strip_prefix(&prefix)?, &steps);
                    Some((name, (bucket.clone(), key)))
                }
                Listed::Prefix(_) => None,
            };
            let logs: BTreeMap<_, _> = listed.into_iter().filter_map(named).collect();
            self.observed.borrow_mut().logs = logs.clone();
            return Ok(logs);
        }
        Ok(BTreeMap::new())
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

/// `steps/s-…/stderr.gz` becomes `steps/01-load/stderr`.
pub(super) fn name(key: &str, steps: &BTreeMap<String, String>) -> String {
    let key = key.strip_suffix(".gz").unwrap_or(key);
    let of_step = key
        .strip_prefix("steps/")
        .and_then(|rest| rest.split_once('/'));
    match of_step.and_then(|(id, rest)| Some((steps.get(id)?, rest))) {
        Some((folder, rest)) => format!("steps/{folder}/{rest}"),
        None => key.to_owned(),
    }
}
