//! `validate`: every mistake of a stack at once, touching nothing.

use super::args::StackArgs;
use super::failure::{Exit, Failure};
use super::in_the_clear;
use super::screen::Screen;
use super::stack_file;
use crate::model::facts::Capacity;
use crate::model::stack::Stack;
use crate::plan::Refusal;
use crate::plan::fit::fit;
use serde_json::json;

pub(super) fn run(args: &StackArgs, screen: &Screen) -> Result<Exit, Failure> {
    let stack = stack_file::read(args)?;
    preflight(&stack)?;
    let steps = stack.job.as_ref().map_or(0, |job| job.steps.len());
    let steps = if steps == 1 {
        "1 step".to_owned()
    } else {
        format!("{steps} steps")
    };
    let warnings = in_the_clear::warnings(args, &stack)?;
    for warning in &warnings {
        let (file, line) = (&warning.file, warning.line);
        screen.say(&format!("warning: {file}:{line}: {}", warning.message));
        screen.say(&format!("  help: {}", warning.help));
    }
    screen.text(&format!(
        "{} is valid: stack {}, {steps}",
        args.stack.display(),
        stack.name
    ));
    screen.document(
        "validate",
        0,
        json!({ "stack": stack, "warnings": warnings }),
    );
    Ok(Exit::Done)
}

/// What can be seen to be wrong without making anything: the machines and the scripts.
fn preflight(stack: &Stack) -> Result<(), Failure> {
    fit(&stack.cluster, Capacity::AsTyped)
        .map_err(|Refusal { message, hint }| Failure::input(message).hint(hint))?;
    for step in stack.job.iter().flat_map(|job| &job.steps) {
        if !step.script.is_file() && !step.script.starts_with("~") {
            let path = step.script.display();
            let message = format!(
                "the script of step {:?} is not there: {path}",
                step.name.as_str()
            );
            return Err(Failure::input(message).hint("write it, or mend its path in the stack"));
        }
    }
    Ok(())
}
