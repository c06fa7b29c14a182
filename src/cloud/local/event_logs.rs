//! Event logs in the clusters' folders.

use super::{Local, bucket};
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::event_log::{self, Parts};
use crate::cloud::{EventLogs, local_results};
use crate::model::observed::{Cluster, Run};
use crate::summary::Application;
use async_trait::async_trait;
use std::path::Path;

#[async_trait(?Send)]
impl EventLogs for Local {
    async fn applications(
        &self,
        cluster: &Cluster,
        run: &Run,
    ) -> Result<Vec<Application>, CloudError> {
        let folder = self.folder(&cluster.stack, &cluster.id);
        let steps = cluster.steps.iter().enumerate();
        let of_run = steps.filter(|(_, step)| step.job == run.job && step.run == run.number);
        let mut found = Vec::new();
        for (index, step) in of_run {
            let events = folder.step_events(index, &step.name);
            if events.is_dir() {
                found.extend(read(&events).during(|| format!("read {}", events.display()))?);
            }
        }
        Ok(found)
    }
}

fn read(folder: &Path) -> std::io::Result<Vec<Application>> {
    let mut names = Vec::new();
    bucket::walk(folder, &mut |path, _| {
        let name = path.strip_prefix(folder).ok().and_then(Path::to_str);
        names.extend(name.map(str::to_owned));
    })?;
    let mut found = Vec::new();
    for names in event_log::applications(names.iter().map(String::as_str)) {
        let mut parts = Parts::default();
        for name in names {
            // A job can write here, so the file may have been replaced by a link.
            parts.read(name, local_results::open(&folder.join(name))?);
        }
        found.extend(parts.finish());
    }
    Ok(found)
}
