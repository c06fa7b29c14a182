//! The error for a stack that never existed: mostly a mistyped name.

use super::failure::Failure;
use super::recorded_costs;
use super::target::Target;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::text::nearest;

/// Refuses a stack of which nothing exists, unless the ledger has a cluster of it: then it existed,
/// and is gone.
pub(crate) async fn refuse(
    verb: &str,
    stack: &StackName,
    target: &Target<'_>,
) -> Result<(), Failure> {
    if recorded_costs::has_recorded(stack, target) {
        return Ok(());
    }
    Err(failure(verb, stack, target).await)
}

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
