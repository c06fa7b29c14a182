//! `logs`: shows the logs of a stack's latest cluster.

use super::flags::TargetArgs;
use super::verb::{Finished, Verb};
use crate::app::failure::{Exit, Failure};
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::cloud::step_name;
use crate::model::hint::{Command, CommandContext};
use crate::model::name::{StackName, StepName};
use crate::model::shown::line;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct LogsArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Show only this step
    #[arg(long)]
    pub(super) step: Option<StepName>,
    /// Include the logs of executors and daemons
    #[arg(long)]
    pub(super) all: bool,
}

impl Verb for LogsArgs {
    fn here(&self) -> CommandContext {
        self.target.here(Some(&self.stack))
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let given = GivenStack::open(&self.stack, &self.target.choice(), session).await?;
        let stack = &given.name;
        let cloud = &*given.target.cloud;
        let names = cloud.logs(stack).await?;
        let selected: Vec<&String> = names
            .iter()
            .filter(|name| is_selected(self, name))
            .collect();
        if selected.is_empty() {
            let exists = !cloud.observe(stack, None).await?.is_empty();
            if !exists {
                given.refuse_unknown("logs").await?;
            }
            let is_pending = exists && given.target.costs();
            return Err(no_logs(self, stack, &names, is_pending));
        }
        let mut shown = Vec::new();
        for name in selected {
            let content = cloud.log(stack, name).await?;
            let text = String::from_utf8_lossy(&content);
            if !text.is_empty() {
                reporter.text(&format!("==> {} <==", line(name, 500)));
                reporter.text(&text);
            }
            shown.push(json!({ "name": name, "text": text }));
        }
        Ok(Finished::done(json!({ "stack": stack, "logs": shown })))
    }
}

/// Whether a log is to be shown: those of the steps, of one step if it is named, or all.
fn is_selected(args: &LogsArgs, name: &str) -> bool {
    match name
        .strip_prefix("steps/")
        .and_then(|rest| rest.split('/').next())
    {
        Some(folder) => args.step.as_ref().is_none_or(|step| {
            // A step's folder is its number and its name: `01-load`.
            folder
                .split_once('-')
                .is_some_and(|(_, of)| of == step_name(step.as_str()))
        }),
        None => args.all,
    }
}

/// The error if no log is selected; `is_pending`: EMR may still upload some.
fn no_logs(args: &LogsArgs, stack: &StackName, names: &[String], is_pending: bool) -> Failure {
    match &args.step {
        Some(step) if !names.is_empty() => Failure::input(format!(
            "stack {stack} has no logs of step {:?}",
            step.as_str()
        ))
        .hint("see all its logs")
        .hint(Command::clusterup("logs").stack(stack)),
        _ if is_pending => Failure::new(Exit::Failed, format!("stack {stack} has no logs yet"))
            .hint("EMR uploads them about every five minutes and when a cluster ends: try again")
            .hint(Command::clusterup("status").stack(stack)),
        _ => Failure::input(format!("stack {stack} has no logs"))
            .hint("list the stacks")
            .hint(Command::clusterup("status").target()),
    }
}
