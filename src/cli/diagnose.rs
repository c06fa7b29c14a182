//! `diagnose`: why a step or a cluster failed.

use super::flags::{PoliciesArgs, TargetArgs};
use super::verb::{Finished, Verb};
use super::view;
use crate::app::diagnosis::{Diagnosed, Given};
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::model::diagnosis::Diagnosis;
use crate::model::hint::CommandContext;
use crate::model::name::{ClusterId, StackName};
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct DiagnoseArgs {
    /// A stack's file or name, a cluster's id (j-…), a folder of logs as EMR uploads them, a log, or -
    /// for standard input
    pub(super) what: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) policies: PoliciesArgs,
    /// Diagnose only this step
    #[arg(long)]
    pub(super) step: Option<String>,
}

impl Verb for DiagnoseArgs {
    fn here(&self) -> CommandContext {
        let stack = match Given::of(&self.what) {
            Given::Stack(stack) => Some(stack),
            Given::Cluster(_) | Given::Folder(_) | Given::File(_) | Given::Input => None,
        };
        let mut here = self.target.here(stack.as_deref());
        here.more = self.policies.words();
        here
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let choice = self.target.choice();
        let policies = self.policies.place();
        let given = Given::of(&self.what);
        let Diagnosed {
            stack,
            cluster,
            what,
            found,
        } = given
            .diagnose(self.step.as_deref(), &choice, &policies, session)
            .await?;
        match &found {
            Some(found) => {
                let shown = view::diagnosis::Shown {
                    what: &what,
                    outcome: view::diagnosis::Outcome::Failed,
                    diagnosis: &found.diagnosis,
                    searched: &found.searched,
                    has_stack: stack.is_some(),
                    indent: 0,
                };
                reporter.text(&view::diagnosis::render(shown, reporter.here()));
            }
            None => reporter.text(&format!("nothing has failed: {what}")),
        }
        let (diagnosis, searched) = match found {
            Some(found) => (Some(found.diagnosis), Some(found.searched)),
            None => (None, None),
        };
        let here = reporter.here();
        Ok(Finished::done(DiagnoseDocument {
            stack,
            cluster,
            what,
            diagnosis: diagnosis.map(|it| view::diagnosis::completed(&it, here)),
            searched,
        }))
    }
}

/// Why something failed.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct DiagnoseDocument {
    /// The stack, if it is known.
    stack: Option<StackName>,
    /// The cluster, if it is known.
    cluster: Option<ClusterId>,
    /// What failed, such as `step two`, or what has not failed.
    what: String,
    /// Why, and what fixes it; null if nothing failed.
    diagnosis: Option<Diagnosis>,
    /// The logs that were searched.
    searched: Option<Vec<String>>,
}
