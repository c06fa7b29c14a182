//! The error for a stack that never existed: mostly a mistyped name.

use super::failure::Failure;
use super::recorded_costs;
use super::target::Target;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::text::nearest;

/// The error, with the most similar existing name; `verb` is the command that was given.
pub(crate) async fn failure(verb: &str, stack: &StackName, target: &Target<'_>) -> Failure {
    let place = target.place.in_words();
    let names = target.cloud.stacks().await.unwrap_or_default();
    let names: Vec<&str> = names.iter().map(StackName::as_str).collect();
    let failure = Failure::input(format!("stack {stack} does not exist {place}"));
    match nearest(stack.as_str(), names.iter().copied()) {
        Some(near) => failure
            .hint(format!("did you mean {near}?"))
            .hint(Command::clusterup(verb).arg(near).target()),
        None => failure
            .hint("list the stacks")
            .hint(Command::clusterup("status").target()),
    }
}

/// Whether the ledger has a cluster of the stack: then it existed, and is gone.
pub(crate) fn existed(stack: &StackName, target: &Target<'_>) -> bool {
    recorded_costs::has_recorded(stack, target)
}
