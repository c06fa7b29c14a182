//! `completions`: a shell's completion script.

use super::verb::Finished;
use crate::app::document::document;
use crate::app::session::Session;
use clap::Command;

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    shell: clap_complete::Shell,
}

impl CompletionsArgs {
    /// `all`: the whole command line.
    pub(super) fn print(&self, all: &mut Command, session: &Session) -> Finished {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, all, "clusterup", &mut script);
        let script = String::from_utf8_lossy(&script);
        if !session.reporter.is_for_machines() {
            session.reporter.raw(&script);
        }
        Finished::done(document!({ "shell": self.shell.to_string(), "script": script }))
    }
}
