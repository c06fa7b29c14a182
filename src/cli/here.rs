//! The parts of a command line that advised commands repeat, to mean the same stack and place.

use super::args::{PlanArgs, StackArgs, TargetArgs, Verb};
use super::policies::PoliciesArgs;
use crate::model::hint::CommandContext;
use std::ffi::OsString;

/// Returns what completes the commands that messages advise.
pub(super) fn of(verb: &Verb, argv: &[OsString]) -> CommandContext {
    let again = argv.iter().skip(1);
    CommandContext {
        again: again
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        ..of_verb(verb)
    }
}

fn of_verb(verb: &Verb) -> CommandContext {
    match verb {
        Verb::Validate(args) => with_sets(args),
        Verb::Plan(args) => of_plan(args),
        Verb::Apply(args) => of_plan(&args.plan),
        Verb::Status(args) => by_name(args.stack.as_deref(), &args.target),
        Verb::Logs(args) => by_name(Some(&args.stack), &args.target),
        Verb::Extend(args) => by_name(Some(&args.stack), &args.target),
        Verb::Ssh(args) => by_name(Some(&args.stack), &args.target),
        Verb::Destroy(args) => by_name(Some(&args.stack), &args.target),
        Verb::Doctor(args) => by_name(None, &args.target),
        Verb::Init(_)
        | Verb::Log(_)
        | Verb::Cost { .. }
        | Verb::Prices { .. }
        | Verb::Budget(_)
        | Verb::Policy { .. }
        | Verb::Watchdog { .. }
        | Verb::Schema { .. }
        | Verb::Completions { .. }
        | Verb::Supervise { .. }
        | Verb::Leash { .. } => CommandContext::default(),
    }
}

fn of_plan(args: &PlanArgs) -> CommandContext {
    let mut here = with_sets(&args.stack);
    here.target = target(&args.target);
    here.more.extend(policies(&args.policies));
    here
}

fn with_sets(args: &StackArgs) -> CommandContext {
    let sets = args.sets.iter();
    let more = sets.flat_map(|set| ["--set".to_owned(), set.to_string()]);
    CommandContext {
        stack: Some(args.stack.display().to_string()),
        more: more.collect(),
        ..CommandContext::default()
    }
}

fn by_name(stack: Option<&str>, args: &TargetArgs) -> CommandContext {
    CommandContext {
        stack: stack.map(str::to_owned),
        target: target(args),
        ..CommandContext::default()
    }
}

fn target(args: &TargetArgs) -> Vec<String> {
    match &args.region {
        _ if args.local => vec!["--local".to_owned()],
        Some(region) => vec!["--region".to_owned(), region.to_string()],
        None => Vec::new(),
    }
}

fn policies(args: &PoliciesArgs) -> Vec<String> {
    let places = args.policies.iter();
    places
        .flat_map(|place| ["--policies".to_owned(), place.clone()])
        .collect()
}
