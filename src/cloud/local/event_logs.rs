//! Event logs in the clusters' folders.

use super::{Local, bucket};
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::event_log::{self, Parts};
use crate::cloud::{EventLogs, local_results};
use crate::model::event::Listener;
use crate::model::observed::{Cluster, Run};
use crate::summary::Application;
use async_trait::async_trait;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

#[async_trait(?Send)]
impl EventLogs for Local {
    async fn applications(
        &self,
        cluster: &Cluster,
        run: &Run,
    ) -> Result<Vec<Application>, CloudError> {
        let mut found = Vec::new();
        for events in self.folders(cluster, run) {
            let doing = format!("read {}", events.display());
            // A log can be large, and the caller may stop waiting for it.
            let read = tokio::task::spawn_blocking(move || read(&events)).await;
            let read = read.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
            found.extend(read.during(|| doing)?);
        }
        Ok(found)
    }

    async fn copy_event_logs(
        &self,
        cluster: &Cluster,
        run: &Run,
        to: &Path,
        _: &dyn Listener,
    ) -> Result<usize, CloudError> {
        let mut copied = 0;
        for events in self.folders(cluster, run) {
            copied += copy(&events, to)?;
        }
        Ok(copied)
    }
}

impl Local {
    /// The folders of a run's event logs that exist, in the order of its steps.
    fn folders(&self, cluster: &Cluster, run: &Run) -> Vec<PathBuf> {
        let folder = self.folder(&cluster.stack, &cluster.id);
        let steps = cluster.steps.iter().enumerate();
        let of_run = steps.filter(|(_, step)| step.job == run.job && step.run == run.number);
        let folders = of_run.map(|(index, step)| folder.step_events(index, &step.name));
        folders.filter(|events| events.is_dir()).collect()
    }
}

/// The files below a folder, by their names below it.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    bucket::walk(folder, &mut |path, _| {
        let name = path.strip_prefix(folder).ok().and_then(Path::to_str);
        names.extend(name.map(str::to_owned));
    })?;
    Ok(names)
}

/// Copies the event logs of a folder. Returns how many applications they are of.
fn copy(from: &Path, to: &Path) -> Result<usize, CloudError> {
    let during = || format!("copy {}", from.display());
    let names = names(from).during(during)?;
    // A job can write here, so a file may have been replaced by a link.
    let sized = names.iter().map(|name| {
        let bytes = fs::symlink_metadata(from.join(name)).map_or(0, |file| file.len());
        (name.as_str(), bytes)
    });
    let names = event_log::to_copy(sized)?;
    for (name, bytes) in &names {
        let place = to.join(name);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).during(during)?;
        }
        let source = local_results::open(&from.join(name)).during(during)?;
        let mut place = File::create(place).during(during)?;
        // A log that grows is copied as it was listed.
        io::copy(&mut source.take(*bytes), &mut place).during(during)?;
    }
    let names = names.iter().map(|(name, _)| *name);
    Ok(event_log::applications(names).len())
}

fn read(folder: &Path) -> io::Result<Vec<Application>> {
    let names = names(folder)?;
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
