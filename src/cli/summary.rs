//! `summary`: what the last run of a stack's job did.

use super::flags::TargetArgs;
use super::verb::{Finished, Verb};
use super::view;
use super::view::summary::RunDocument;
use crate::app::failure::{Exit, Failure};
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::app::summaries;
use crate::model::hint::{Command, CommandContext};
use crate::model::name::StackName;
use crate::model::name::StepName;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct SummaryArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Show only this step [default: all that started Spark]
    #[arg(long)]
    pub(super) step: Option<StepName>,
}

impl Verb for SummaryArgs {
    fn here(&self) -> CommandContext {
        self.target.here(Some(&self.stack))
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let given = GivenStack::open(&self.stack, &self.target.choice(), session).await?;
        let stack = &given.name;
        let observed = given.observe("summary").await?;
        let Some((cluster, job)) = observed.clusters.iter().rev().find_map(summaries::last_job)
        else {
            let message = format!("stack {stack} has no run of a job");
            return Err(Failure::input(message)
                .hint("see what exists")
                .hint(Command::clusterup("status").stack(stack)));
        };
        let mut runs = summaries::of_job(cluster, job, &given.target).await?;
        if let Some(step) = &self.step {
            runs.retain(|run| run.step == *step);
        } else if runs.iter().any(|run| run.application.is_some()) {
            runs.retain(|run| run.application.is_some());
        }
        if runs.is_empty() {
            return Err(no_run(self.step.as_ref(), stack.as_str()));
        }
        for run in &runs {
            session.reporter.text(&view::summary::render(run));
            if run.application.is_none() {
                session.reporter.text(view::summary::NO_LOG);
            }
        }
        let fields = SummaryDocument {
            stack: stack.clone(),
            runs: runs.into_iter().map(view::summary::document).collect(),
        };
        Ok(Finished::with(Exit::Done, fields))
    }
}

fn no_run(step: Option<&StepName>, stack: &str) -> Failure {
    let message = match step {
        Some(step) => format!("the last run of stack {stack} did not start a step {step}"),
        None => format!("the last run of stack {stack} started no step"),
    };
    Failure::input(message)
        .hint("see its steps")
        .hint(Command::clusterup("status").this_stack())
}

/// What the steps of the last run did.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct SummaryDocument {
    /// The stack.
    stack: StackName,
    /// The steps.
    runs: Vec<RunDocument>,
}
