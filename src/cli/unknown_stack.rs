//! Stacks that never were: a name that nothing has is most often another's, mistyped.

use super::context::Context;
use super::failure::Failure;
use super::ledger;
use super::screen::Screen;
use super::target::Target;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::text::nearest;

/// That there is no such stack, with the nearest that there is; `verb` is what was asked of it.
pub(super) async fn was(verb: &str, stack: &StackName, target: &Target) -> Failure {
    let place = target.place();
    let names = target.cloud.stacks().await.unwrap_or_default();
    let names: Vec<&str> = names.iter().map(StackName::as_str).collect();
    let failure = Failure::input(format!("there is no stack {stack} {place}"));
    match nearest(stack.as_str(), names.iter().copied()) {
        Some(near) => failure
            .hint(format!("did you mean {near}?"))
            .hint(Command::clusterup(verb).arg(near).target()),
        None => failure
            .hint("see those that there are")
            .hint(Command::clusterup("status").target()),
    }
}

/// Whether the ledger remembers a cluster of a stack whose name is given: it was, and is gone.
pub(super) fn has_been(
    stack: &StackName,
    target: &Target,
    context: &Context,
    screen: &Screen,
) -> bool {
    ledger::remembers(stack, &target.name(), context, screen)
}
