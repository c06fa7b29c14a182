//! `completions`: the lines by which a shell learns to complete commands.

use super::complete;
use super::verb::{Finished, Verb};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    shell: clap_complete::Shell,
}

impl Verb for CompletionsArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let shell = self.shell.to_string();
        let script = complete::registration(&shell).ok_or_else(|| {
            Failure::new(Exit::Failed, format!("{shell} has no completion script"))
        })?;
        let script = String::from_utf8_lossy(&script);
        if !session.reporter.is_for_machines() {
            session.reporter.raw(&script);
        }
        Ok(Finished::done(CompletionsDocument {
            shell,
            script: script.into_owned(),
        }))
    }
}

/// A completion script.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct CompletionsDocument {
    /// The shell.
    shell: String,
    /// The script.
    script: String,
}
