//! `validate`: reports every mistake in a stack and in the files that it names. It changes nothing.

use super::args::StackArgs;
use super::cleartext;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::stack_file;
use serde_json::json;

pub(super) fn run(args: &StackArgs, context: &Context, screen: &Screen) -> Result<Exit, Failure> {
    let stack = stack_file::read_whole(args, context)?;
    let steps = stack.job.as_ref().map_or(0, |job| job.steps.len());
    let steps = if steps == 1 {
        "1 step".to_owned()
    } else {
        format!("{steps} steps")
    };
    let warnings = cleartext::warnings(args, &stack)?;
    for warning in &warnings {
        let file = &warning.file;
        let line = warning.line;
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
