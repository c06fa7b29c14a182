//! Converts steps.

use crate::cloud::account::step_name::{self, NamedStep};
use crate::cloud::api::emr;
use crate::model::observed::Step;

/// Converts all steps; `None` if one cannot be converted.
pub(in crate::cloud::account) fn all(steps: &[emr::Step]) -> Option<Vec<Step>> {
    steps.iter().cloned().map(step).collect()
}

/// Converts a step. A step that clusterup did not create gets an all-zero job.
pub(super) fn step(step: emr::Step) -> Option<Step> {
    let named = match step_name::read(&step.name) {
        Some(ours) => ours,
        None => NamedStep {
            name: step.name.parse().or_else(|_| step.id.parse()).ok()?,
            job: "0000000000000000".parse().ok()?,
            run: 0,
            may_fail: false,
            attempt: None,
        },
    };
    Some(Step {
        name: named.name,
        job: named.job,
        run: named.run,
        state: step.state,
        started_at: step.started_at,
        ended_at: step.ended_at,
        ui: None,
        may_fail: named.may_fail,
        failure: step.failure.as_ref().and_then(emr::Failure::text),
        diagnosis: None,
        attempt: named.attempt,
        stuck: Vec::new(),
    })
}
