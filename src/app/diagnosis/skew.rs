//! Whether a failed step ran out of memory for one task that had read far more than the others.

use crate::cloud::Cloud;
use crate::model::diagnosis::{Diagnosis, FailureClass, FailureOwner};
use crate::model::observed::{Cluster, Run};
use crate::model::skew::TaskSkew;
use crate::run::explain::Failed;
use std::time::Duration;

/// How long reading event logs may delay the diagnosis.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The skew of a step's last application; `None` as well if its event log is not read in time. Call it
/// after the stack was observed.
pub(crate) async fn skew(
    cloud: &dyn Cloud,
    cluster: &Cluster,
    failed: Failed,
    diagnosis: &Diagnosis,
) -> Option<TaskSkew> {
    let Failed::Step(index) = failed else {
        return None;
    };
    let is_of_tasks = matches!(
        diagnosis.owner,
        Some(FailureOwner::Executor | FailureOwner::PythonWorker)
    );
    if diagnosis.class != FailureClass::OutOfMemory || !is_of_tasks {
        return None;
    }
    let step = cluster.steps.get(index)?;
    let run = Run {
        job: step.job.clone(),
        cluster: cluster.id.clone(),
        number: step.run,
    };
    let read = cloud.applications(cluster, &run);
    let applications = tokio::time::timeout(MAX_WAIT, read).await.ok()?.ok()?;
    let is_own = |step_of: &str| step_of == step.name.as_str();
    let own = (applications.iter()).filter(|it| it.settings.step.as_deref().is_some_and(is_own));
    own.max_by_key(|it| it.started_at)?.failed_skew()
}
