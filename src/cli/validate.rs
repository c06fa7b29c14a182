//! `validate`: reports every mistake in a stack and in the files that it names. It changes nothing.

use super::flags::{LintArgs, StackArgs};
use super::verb::{Finished, Verb};
use crate::app::cleartext;
use crate::app::cleartext::Warning;
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::app::stack_file::{self, WholeStack};
use crate::model::hint::CommandContext;
use crate::model::stack::Stack;
use crate::text::Diagnostics;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct ValidateArgs {
    #[command(flatten)]
    stack: StackArgs,
    #[command(flatten)]
    lint: LintArgs,
}

impl Verb for ValidateArgs {
    fn here(&self) -> CommandContext {
        self.stack.here()
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let file = self.stack.file();
        let read = stack_file::read_whole(&file, &session.environment, !self.lint.no_lint)?;
        LintArgs::warn(&read, session);
        let WholeStack {
            stack,
            text,
            warnings: sizes,
            names: _,
        } = read;
        let lint = self.lint.check(&stack, session)?;
        let steps = stack.job.as_ref().map_or(0, |job| job.steps.len());
        let steps = if steps == 1 {
            "1 step".to_owned()
        } else {
            format!("{steps} steps")
        };
        let warnings = cleartext::warnings(&file.path, &text, &stack);
        for warning in &warnings {
            let file = &warning.file;
            let line = warning.line;
            reporter.say(&format!("warning: {file}:{line}: {}", warning.message));
            reporter.say(&format!("  help: {}", warning.help));
        }
        reporter.text(&format!(
            "{} is valid: stack {}, {steps}",
            file.path.display(),
            stack.name
        ));
        Ok(Finished::done(ValidateDocument {
            stack,
            warnings,
            lint,
            sizes,
        }))
    }
}

/// A stack that is valid.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ValidateDocument {
    /// The stack with its defaults.
    stack: Stack,
    /// What may be read or changed by others on its way.
    warnings: Vec<Warning>,
    /// The findings of the lint; null if there are none.
    lint: Option<Diagnostics>,
    /// What is of no use in the stack; null if there is nothing.
    sizes: Option<Diagnostics>,
}
