//! `validate`: every mistake of a stack at once, touching nothing.

use super::args::StackArgs;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::stack_file;
use serde_json::json;

pub(super) fn run(args: &StackArgs, screen: &Screen) -> Result<Exit, Failure> {
    let stack = stack_file::read(args)?;
    let steps = stack.job.as_ref().map_or(0, |job| job.steps.len());
    let steps = if steps == 1 {
        "1 step".to_owned()
    } else {
        format!("{steps} steps")
    };
    screen.text(&format!(
        "{} is well: stack {}, {steps}",
        args.stack.display(),
        stack.name
    ));
    screen.document("validate", 0, json!({ "stack": stack }));
    Ok(Exit::Done)
}
