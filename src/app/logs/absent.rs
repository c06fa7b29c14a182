//! The errors for logs that are not there.

use crate::app::diagnosis::Given;
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

/// Only a stack's primary can be logged in to.
pub(super) fn not_live(given: &Given) -> Failure {
    let (advice, command) = match given {
        Given::Stack(_) | Given::Cluster(_) => {
            ("follow what EMR uploads", Command::again_with("--follow"))
        }
        Given::Folder(_) | Given::File(_) | Given::Input => ("leave it out", Command::again()),
    };
    let command = command.without("--live", 0);
    Failure::input("--live needs a stack, which says how to log in to the primary")
        .hint(advice)
        .hint(command.without("--follow", 0).without("-f", 0))
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
    if let Some(missing) = Missing::of(selection, names) {
        let failure = Failure::input(format!("{what} has no logs of {}", missing.what));
        if let Some(others) = missing.others() {
            return failure.hint(others);
        }
        let all = Command::again_with("--all");
        return failure
            .hint("none is there so far: see all other logs")
            .hint(all.without("--executor", 1).without("--step", 1));
    }
    Failure::input(format!("{what} has no logs of steps"))
        .hint("show those of executors and nodes too")
        .hint(Command::again_with("--all"))
}

/// What to say while none of a cluster's logs is the selected step's or executor's, and others are
/// there; `None` if there is nothing to say.
pub(super) fn so_far(what: &str, selection: &Selection, names: &[String]) -> Option<String> {
    let missing = Missing::of(selection, names)?;
    let others = missing.others()?;
    Some(format!(
        "{what} has no logs of {} so far; {others}",
        missing.what
    ))
}

/// A step or an executor that has no logs.
struct Missing<'a> {
    /// Such as `executor 3`.
    what: String,
    /// How the list of those begins that are there, and their names.
    there: (&'static str, BTreeSet<&'a str>),
}

impl<'a> Missing<'a> {
    /// `None` if neither a step nor an executor is selected.
    fn of(selection: &Selection, names: &'a [String]) -> Option<Self> {
        if let Some(executor) = &selection.executor {
            let processes = names.iter().filter_map(|name| Part::of(name).process());
            return Some(Self {
                what: format!("executor {}", line(executor, 100)),
                there: ("its executors are", processes.collect()),
            });
        }
        let step = line(selection.step.as_ref()?, 100);
        let steps = names.iter().filter_map(|name| match Part::of(name) {
            Part::Step(folder, _) => Some(folder),
            Part::Container(..) | Part::Executor(..) | Part::Node(..) | Part::Other(_) => None,
        });
        Some(Self {
            what: format!("step {step:?}"),
            there: ("its steps are", steps.collect()),
        })
    }

    /// The names that are there; `None` if there is none.
    fn others(&self) -> Option<String> {
        let (begin, names) = &self.there;
        let shown = names.iter().take(MAX_NAMED).map(|name| line(name, 100));
        let shown: Vec<String> = shown.collect();
        (!shown.is_empty()).then(|| format!("{begin} {}", shown.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hint::CommandContext;

    #[test]
    fn the_steps_that_are_there_are_named_while_the_selected_one_is_awaited() {
        let step = |name: &str| Selection {
            step: Some(name.to_owned()),
            ..Selection::default()
        };
        let names = ["steps/01-load/stderr", "steps/01-load/stdout"].map(str::to_owned);
        let said = so_far("stack t", &step("lod"), &names);
        let expected = "stack t has no logs of step \"lod\" so far; its steps are 01-load";
        assert_eq!(said.as_deref(), Some(expected));
        assert_eq!(so_far("stack t", &step("lod"), &[]), None);
        assert_eq!(so_far("stack t", &Selection::default(), &names), None);
        let failure = of("stack t", &step("lod"), &names);
        assert_eq!(failure.message, "stack t has no logs of step \"lod\"");
        let executor = Selection {
            executor: Some("3".to_owned()),
            ..Selection::default()
        };
        let here = CommandContext {
            again: ["logs", "t", "--executor", "3"].map(str::to_owned).to_vec(),
            ..CommandContext::default()
        };
        let hints = of("stack t", &executor, &names).hints;
        let hint = hints.last().unwrap().text(&here);
        assert_eq!(hint, "clusterup logs t --all");
    }
}
