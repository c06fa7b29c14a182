//! Logs in the clusters' folders.

use super::{Local, bucket};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::log::{self, FolderLogs, LogListing, LoggedStep};
use crate::cloud::roles::ClusterLogs;
use crate::cloud::{Logs, local_results, step_folder};
use crate::model::evidence::Section;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Step;
use crate::model::relative::RelativePath;
use crate::model::shown;
use async_trait::async_trait;

#[async_trait(?Send)]
impl Logs for Local {
    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError> {
        for cluster in self.clusters(stack)?.iter().rev() {
            let folder = self.folder(stack, &cluster.id).logs();
            let mut names = Vec::new();
            if folder.is_dir() {
                bucket::walk(&folder, &mut |path, _| {
                    let name = path
                        .strip_prefix(&folder)
                        .map(|n| n.to_string_lossy().into_owned());
                    names.extend(name);
                })
                .during(|| format!("read {}", folder.display()))?;
            }
            if !names.is_empty() {
                // Logs of steps come first: they are most often wanted.
                names.sort_by_key(|name| (!name.starts_with("steps/"), name.clone()));
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }

    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError> {
        let missing = || {
            let name = shown::line(name, 200);
            CloudError::new(Class::Input, format!("stack {stack} has no log {name}"))
        };
        let name: RelativePath = name.parse().map_err(|_| missing())?;
        let clusters = self.clusters(stack)?;
        let mut paths = clusters
            .iter()
            .rev()
            .map(|c| self.folder(stack, &c.id).logs().join(&name));
        let path = paths.find(|path| path.is_file()).ok_or_else(missing)?;
        // A job can write beside its logs, so the file may have been replaced by a link.
        let read = local_results::open(&path).and_then(|file| log::read(file, log::MAX_BYTES));
        read.during(|| format!("read {}", path.display()))
    }
}

#[async_trait(?Send)]
impl ClusterLogs for Local {
    async fn logs_of(&self, id: &ClusterId) -> Result<Option<LogListing>, CloudError> {
        let Some((_, folder)) = self.find(id)? else {
            return Ok(None);
        };
        let cluster = folder.read()?;
        let logs = FolderLogs::list(&folder.logs());
        let steps = (1..).zip(&cluster.steps).map(logged);
        Ok(Some(LogListing {
            // A cluster that has just been created has no logs.
            names: logs.map(|logs| logs.names()).unwrap_or_default(),
            state: cluster.state,
            was_ready: cluster.ready_at.is_some(),
            steps: steps.collect(),
            messages: Vec::new(),
        }))
    }

    async fn sections(&self, id: &ClusterId, name: &str) -> Result<Vec<Section>, CloudError> {
        let missing = |_| CloudError::new(Class::Input, format!("cluster {id} has no such log"));
        let name: RelativePath = name.parse().map_err(missing)?;
        let path = self.require(id)?.logs().join(&name);
        let read = local_results::open(&path).and_then(log::excerpt::of_file);
        read.during(|| format!("read {}", path.display()))
    }
}

fn logged((number, step): (usize, &Step)) -> LoggedStep {
    LoggedStep {
        folder: step_folder(number, step.name.as_str()),
        name: step.name.to_string(),
        state: step.state,
        failure: None,
    }
}
