//! The errors for logs that are not there.

use crate::app::failure::{Exit, Failure};
use crate::app::target::Target;
use crate::diagnose::records::{Part, Selection};
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName};
use crate::model::shown::line;
use std::collections::BTreeSet;

/// How many steps or executors an error names.
const MAX_NAMED: usize = 20;

/// When EMR uploads logs (EMR Management Guide, "View log files").
pub(super) const UPLOADS: &str =
    "EMR uploads logs about every five minutes and when a cluster ends";

/// No cluster has this id.
pub(super) fn cluster(id: &ClusterId, target: &Target<'_>) -> Failure {
    let place = target.place.in_words();
    Failure::input(format!("there is no cluster {id} {place}"))
        .hint("list the stacks and their clusters")
        .hint(Command::clusterup("status").target())
}

/// No cluster of the stack has any log; `exists`: the stack has resources.
pub(super) fn of_stack(stack: &StackName, exists: bool, target: &Target<'_>) -> Failure {
    if exists && target.costs() {
        return Failure::new(Exit::Failed, format!("stack {stack} has no logs yet"))
            .hint(format!("{UPLOADS}: try again"))
            .hint(Command::clusterup("status").stack(stack));
    }
    Failure::input(format!("stack {stack} has no logs"))
        .hint("list the stacks")
        .hint(Command::clusterup("status").target())
}

/// The stack has no cluster whose logs could be followed.
pub(super) fn no_cluster(stack: &StackName) -> Failure {
    Failure::input(format!("stack {stack} has no cluster"))
        .hint("create one and run the job")
        .hint(Command::clusterup("apply").stack(stack))
}

/// Files do not grow.
pub(super) fn not_followed() -> Failure {
    Failure::input("--follow needs a stack or a cluster").hint("leave out --follow")
}

/// The logs are not in EMR's layout.
pub(super) fn layout() -> Failure {
    Failure::input("--step and --executor need a stack, a cluster, or a folder as EMR uploads it")
        .hint("leave them out")
}

/// None of the logs is selected.
pub(super) fn of(what: &str, selection: &Selection, names: &[String]) -> Failure {
    if names.is_empty() {
        return Failure::new(Exit::Failed, format!("{what} has no logs"))
            .hint(format!("{UPLOADS}: try again"));
    }
    if let Some(executor) = &selection.executor {
        let executor = line(executor, 100);
        let failure = Failure::input(format!("{what} has no logs of executor {executor}"));
        let processes = names.iter().filter_map(|name| Part::of(name).process());
        return named(failure, "its executors are", processes);
    }
    if let Some(step) = &selection.step {
        let step = line(step, 100);
        let failure = Failure::input(format!("{what} has no logs of step {step:?}"));
        let steps = names.iter().filter_map(|name| match Part::of(name) {
            Part::Step(folder, _) => Some(folder),
            Part::Container(..) | Part::Executor(..) | Part::Node(..) | Part::Other(_) => None,
        });
        return named(failure, "its steps are", steps);
    }
    Failure::input(format!("{what} has no logs of steps"))
        .hint("show those of executors and nodes too")
        .hint(Command::again_with("--all"))
}

/// Adds the names that are there.
fn named<'a>(failure: Failure, what: &str, names: impl Iterator<Item = &'a str>) -> Failure {
    let names: BTreeSet<&str> = names.collect();
    let shown = names.iter().take(MAX_NAMED).map(|name| line(name, 100));
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() {
        return failure.hint("none is there so far: see all other logs with --all");
    }
    failure.hint(format!("{what} {}", shown.join(", ")))
}
