//! Logs in the clusters' folders.

use super::Local;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::log::{self, FolderLogs, LogFile, LogListing, LoggedStep, StackLogs, StoredLogs};
use crate::cloud::roles::ClusterLogs;
use crate::cloud::{Logs, local_results, step_folder};
use crate::model::event::Listener;
use crate::model::evidence::Section;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, EndReason, Step};
use crate::model::relative::RelativePath;
use crate::model::shown;
use async_trait::async_trait;
use std::path::PathBuf;
use std::time::Duration;

#[async_trait(?Send)]
impl Logs for Local {
    async fn logs(&self, stack: &StackName) -> Result<Option<StackLogs>, CloudError> {
        let clusters = self.clusters(stack)?;
        let of = |cluster: &Cluster| {
            let logs = FolderLogs::list(&self.folder(stack, &cluster.id).logs()).ok()?;
            StackLogs::of(&cluster.id, logs.names().into_iter())
        };
        Ok(clusters.iter().rev().find_map(of))
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
            logs: logs.map(|logs| logs.versions()).unwrap_or_default(),
            state: cluster.state,
            ended_at: cluster.ended_at,
            was_ready: cluster.ready_at.is_some(),
            ended_by_step: cluster
                .end
                .as_ref()
                .is_some_and(|end| end.reason == EndReason::StepFailed),
            steps: steps.collect(),
            messages: Vec::new(),
        }))
    }

    fn stored_logs(&self) -> Option<StoredLogs> {
        None
    }

    async fn await_logs(&self, pause: Duration) -> bool {
        tokio::time::sleep(pause).await;
        false
    }

    async fn sections(&self, id: &ClusterId, name: &str) -> Result<Vec<Section>, CloudError> {
        let path = self.log_path(id, name)?;
        let read = local_results::open(&path).and_then(log::excerpt::of_file);
        read.during(|| format!("read {}", path.display()))
    }

    async fn fetch(
        &self,
        id: &ClusterId,
        names: &[String],
        _: &dyn Listener,
    ) -> Result<Vec<LogFile>, CloudError> {
        let paths = names.iter().map(|name| self.log_path(id, name));
        paths.map(|path| path.map(LogFile::inside)).collect()
    }
}

impl Local {
    fn log_path(&self, id: &ClusterId, name: &str) -> Result<PathBuf, CloudError> {
        let missing = |_| {
            let name = shown::line(name, 200);
            CloudError::new(Class::Input, format!("cluster {id} has no log {name}"))
        };
        let name: RelativePath = name.parse().map_err(missing)?;
        Ok(self.require(id)?.logs().join(&name))
    }
}

fn logged((number, step): (usize, &Step)) -> LoggedStep {
    LoggedStep {
        folder: step_folder(number, step.name.as_str()),
        id: None,
        name: step.name.to_string(),
        state: step.state,
        started_at: step.started_at,
        ended_at: step.ended_at,
        failure: None,
    }
}
