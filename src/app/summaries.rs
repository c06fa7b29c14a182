//! What a stack's newest run did, from its event logs.

use super::failure::Failure;
use super::target::Target;
use crate::cloud::Cloud;
use crate::model::clock::Clock;
use crate::model::name::JobHash;
use crate::model::observed::{Cluster, Step};
use crate::run::clock::SystemClock;
use crate::summary::Run;

/// The steps of a job's newest run on a cluster that have begun, each with the figures of its event
/// log if it has one.
pub(crate) async fn of_job(
    cluster: &Cluster,
    job: &JobHash,
    target: &Target<'_>,
) -> Result<Vec<Run>, Failure> {
    let Some(run) = cluster.run_of(job) else {
        return Ok(Vec::new());
    };
    let cloud: &dyn Cloud = &*target.cloud;
    let mut applications = cloud.applications(cluster, &run).await?;
    let now = SystemClock.now();
    let begun = cluster
        .steps_of(job)
        .filter(|step| step.started_at.is_some());
    let of_step = |step: &Step| {
        let own = |settings: Option<&String>| settings.is_some_and(|it| it == step.name.as_str());
        let (its, others) = std::mem::take(&mut applications)
            .into_iter()
            .partition(|application| own(application.settings.step.as_ref()));
        applications = others;
        Run::of(cluster, step, its, target.costs(), now)
    };
    Ok(begun.map(of_step).collect())
}

/// The run to show: that of the named step, or else the longest with an event log, or else the longest.
pub(crate) fn most_telling(runs: &[Run]) -> Option<&Run> {
    runs.iter()
        .max_by_key(|run| (run.application.is_some(), run.wall()))
}

/// The job that a cluster ran last.
pub(crate) fn last_job(cluster: &Cluster) -> Option<(&Cluster, &JobHash)> {
    let begun = cluster.steps.iter().rev();
    let step = begun.into_iter().find(|step| step.started_at.is_some())?;
    Some((cluster, &step.job))
}
