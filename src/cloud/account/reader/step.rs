//! Converts steps.

use crate::cloud::account::names;
use crate::cloud::api::emr;
use crate::model::name::JobHash;
use crate::model::observed::Step;

/// Converts all steps; `None` if one cannot be converted.
pub(in crate::cloud::account) fn all(steps: &[emr::Step]) -> Option<Vec<Step>> {
    steps.iter().cloned().map(step).collect()
}

/// Converts a step. A step that clusterup did not create gets an all-zero job.
pub(super) fn step(step: emr::Step) -> Option<Step> {
    let may_fail = names::may_fail(&step.name);
    let ours = names::of_step(&step.name);
    let (name, job, run) = match ours {
        Some(ours) => ours,
        None => {
            let name = step.name.parse().or_else(|_| step.id.parse()).ok()?;
            (name, "0000000000000000".parse::<JobHash>().ok()?, 0)
        }
    };
    Some(Step {
        name,
        job,
        run,
        state: step.state,
        started_at: step.started_at,
        ended_at: step.ended_at,
        ui: None,
        may_fail,
        failure: step.failure.as_ref().and_then(emr::Failure::text),
        diagnosis: None,
    })
}
