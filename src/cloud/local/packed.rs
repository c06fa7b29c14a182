//! A job's packed Python environment. On EMR it is unpacked in containers, where driver and executors
//! run. On this machine drivers run beside the cluster, so it is unpacked once, before anything starts,
//! and all use the Python there.

use super::Local;
use crate::cloud::error::CloudError;
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::event::Listener;
use crate::model::work::{ENVIRONMENT, ENVIRONMENT_PYTHON, PYTHON};
use std::path::Path;

impl Local {
    /// The job, with the Python of its packed environment where it is on this machine.
    pub(super) async fn unpacked(
        &self,
        job: Option<&JobSpec>,
        listener: &dyn Listener,
    ) -> Result<Option<JobSpec>, CloudError> {
        let Some(mut job) = job.cloned() else {
            return Ok(None);
        };
        for step in &mut job.steps {
            let Some(archive) = take(step) else { continue };
            let archive = Path::new(&archive);
            // Files of steps are below a folder that is named after their digest.
            let digest = archive.parent().and_then(Path::file_name);
            let digest = digest.unwrap_or_default().to_string_lossy();
            let runtime = self.store.runtime(listener).await?;
            let python = self
                .store
                .environment(&runtime, archive, &digest, listener)
                .await?;
            let python = python.to_string_lossy().into_owned();
            step.conf.insert(PYTHON.to_owned(), python);
        }
        Ok(Some(job))
    }
}

/// Takes the archive of the packed environment out of a step that runs its Python.
fn take(step: &mut StepSpec) -> Option<String> {
    if step.conf.get(PYTHON).map(String::as_str) != Some(ENVIRONMENT_PYTHON) {
        return None;
    }
    let archives = &mut step.submission.archives;
    let linked = |link: &Option<String>| link.as_deref() == Some(ENVIRONMENT);
    let at = archives.iter().position(|it| linked(&it.link))?;
    Some(archives.remove(at).file)
}
