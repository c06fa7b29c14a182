//! What a diagnosis is of, and how it is refused.

use crate::app::failure::Failure;
use crate::model::diagnosis::Diagnosis;
use crate::model::name::{ClusterId, StackName};
use crate::model::shown::line;
use crate::run::explain::{Explanation, NoSuchStep, OfFiles};

/// What was diagnosed.
#[derive(Debug, Clone)]
pub(crate) struct Diagnosed {
    pub(crate) stack: Option<StackName>,
    pub(crate) cluster: Option<ClusterId>,
    /// What failed, such as `step two`; if nothing did, what it is that did not fail.
    pub(crate) what: String,
    /// Why it failed; `None` if nothing did.
    pub(crate) found: Option<Found>,
}

/// A diagnosis, and the names of the logs that were searched for it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) diagnosis: Diagnosis,
    pub(crate) searched: Vec<String>,
}

impl Diagnosed {
    /// A cluster, or its step, that has not failed.
    pub(super) fn well(stack: Option<&StackName>, id: &ClusterId, step: Option<&str>) -> Self {
        let step = step.map_or(String::new(), |step| {
            format!("step {} of ", line(step, 100))
        });
        Self {
            stack: stack.cloned(),
            cluster: Some(id.clone()),
            what: format!("{step}cluster {id}"),
            found: None,
        }
    }
}

impl From<Explanation> for Found {
    fn from(explanation: Explanation) -> Self {
        Self {
            diagnosis: explanation.diagnosis,
            searched: explanation.searched,
        }
    }
}

impl From<OfFiles> for Found {
    fn from(found: OfFiles) -> Self {
        Self {
            diagnosis: found.diagnosis,
            searched: found.searched,
        }
    }
}

/// The error for a step that is not there.
pub(super) fn no_step(NoSuchStep(steps): NoSuchStep) -> Failure {
    let names: Vec<String> = steps.iter().take(20).map(|it| line(it, 100)).collect();
    let failure = Failure::input("there is no such step");
    if names.is_empty() {
        return failure.hint("leave out --step");
    }
    failure.hint(format!("its steps are {}", names.join(", ")))
}
