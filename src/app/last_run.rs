//! What a job's last run shuffled, for sizes that depend on it.

use super::failure::Failure;
use super::summaries;
use super::target::Target;
use crate::model::facts::{Facts, LastShuffle};
use crate::model::name::StepName;
use crate::model::stack::Stack;
use crate::model::work::NumberOrAuto;
use crate::summary::Run;

/// Adds to the facts what the last run of the stack's job shuffled, from its event logs. They are read
/// only if a step leaves its number of partitions to the planner.
pub(crate) async fn add(
    facts: &mut Facts,
    stack: &Stack,
    target: &Target<'_>,
) -> Result<(), Failure> {
    let mut steps = stack.job.iter().flat_map(|job| &job.steps);
    if !steps.any(|step| step.spark.partitions == Some(NumberOrAuto::Auto)) {
        return Ok(());
    }
    let observed = target.cloud.observe(&stack.name, None).await?;
    let last = observed.clusters.iter().rev().find_map(summaries::last_job);
    let Some((cluster, job)) = last else {
        return Ok(());
    };
    let runs = summaries::of_job(cluster, job, target).await?;
    facts.last_run = runs.iter().filter_map(shuffled).collect();
    Ok(())
}

/// The stage of a run that read the most of shuffles.
fn shuffled(run: &Run) -> Option<(StepName, LastShuffle)> {
    let stages = run.application.iter().flat_map(|it| &it.stages);
    let most = stages.max_by_key(|stage| stage.shuffle_read.sum)?;
    let last = LastShuffle {
        stage: most.name.clone(),
        bytes: most.shuffle_read.sum,
        spilled: most.disk_spilled,
    };
    (last.bytes > 0).then(|| (run.step.clone(), last))
}
