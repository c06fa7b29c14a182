//! The last lines that a job has printed: a script that only prints has shown its answer with them.

use super::target::Target;
use crate::cloud::{Cloud, step_folder};
use crate::model::name::{JobHash, StepName};
use crate::model::observed::Cluster;
use crate::model::shown::Untrusted;

/// How many lines are returned at most.
const LINES: usize = 10;

/// What a step has printed.
pub(crate) struct Printed {
    pub(crate) step: StepName,
    /// Its last lines; lines without text are left out.
    pub(crate) lines: Vec<Untrusted>,
    /// Whether it had printed more before.
    pub(crate) is_cut: bool,
}

/// The last lines of the job's last step that has begun, as far as they can be read now: EMR uploads
/// them when the step has ended, and in cluster mode they are in a container's log.
pub(crate) async fn last_lines(
    cluster: &Cluster,
    job: &JobHash,
    target: &Target<'_>,
) -> Option<Printed> {
    let of_job = cluster.steps_of(job);
    let step = of_job.filter(|step| step.started_at.is_some()).last()?;
    let index = cluster.steps.iter().rposition(|other| other == step)?;
    let cloud = &*target.cloud;
    let lines = match cloud.spark_pages() {
        Some(pages) => pages.printed(cluster, index + 1).await,
        None => uploaded(cloud, cluster, &step_folder(index + 1, step.name.as_str())).await?,
    };
    let lines: Vec<String> = lines
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let skipped = lines.len().saturating_sub(LINES);
    let last = lines.into_iter().skip(skipped).map(Into::into);
    let printed = Printed {
        step: step.name.clone(),
        lines: last.collect(),
        is_cut: skipped > 0,
    };
    (!printed.lines.is_empty()).then_some(printed)
}

async fn uploaded(cloud: &dyn Cloud, cluster: &Cluster, folder: &str) -> Option<Vec<String>> {
    let listing = cloud.logs_of(&cluster.id).await.ok()??;
    let stdout = format!("steps/{folder}/stdout");
    let name = listing.logs.keys().find(|name| **name == stdout)?;
    let sections = cloud.sections(&cluster.id, name).await.ok()?;
    let last = sections.last()?;
    Some(last.text.lines().map(str::to_owned).collect())
}
