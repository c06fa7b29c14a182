//! `destroy`: ends a stack's clusters and deletes everything else of it but downloaded results.

use super::flags::TargetArgs;
use super::prompt::consent;
use super::verb::{Finished, Verb};
use super::view;
use crate::app::agreement::Proposal;
use crate::app::destruction::{Destroy, STOPPED, destroy_plan};
use crate::app::failure::Failure;
use crate::app::given_stack::GivenStack;
use crate::app::interrupt;
use crate::app::origin::{CurrentOrigin, OtherOrigin};
use crate::app::session::Session;
use crate::model::hint::{Command, CommandContext};
use crate::model::name::StackName;
use crate::model::plan::Plan;
use serde::Serialize;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub(super) struct DestroyArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Answer yes to every question
    #[arg(long, short)]
    pub(super) yes: bool,
}

impl Verb for DestroyArgs {
    fn here(&self) -> CommandContext {
        self.target.here(Some(&self.stack))
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let given = GivenStack::open(&self.stack, &self.target.choice(), session).await?;
        let (stack, target) = (&given.name, &given.target);
        let cloud = &*target.cloud;
        let (plan, _) = destroy_plan(target, stack).await?;
        let here = CurrentOrigin::new(Path::new(&self.stack), &session.environment);
        let elsewhere = here.elsewhere(cloud, stack).await?;
        if let Some(elsewhere) = &elsewhere {
            reporter.say(elsewhere.line());
        }
        let empty = plan.is_empty();
        if empty {
            given.refuse_unknown("destroy").await?;
        }
        let proposal = Proposal {
            plan: &plan,
            target,
            prices: None,
            safeguards: &[],
            elsewhere: elsewhere.as_ref(),
        };
        reporter.text(&view::plan::render(&proposal, reporter.here()));
        if !empty {
            let question = format!("This deletes everything of stack {stack}. Continue?");
            let question = OtherOrigin::before(elsewhere.as_ref(), question);
            if !consent(&question, self.yes, &session.environment)? {
                return Ok(Finished::declined(session));
            }
            let progress = reporter.progress();
            let destroy = Destroy {
                target,
                stack,
                progress: &*progress,
            };
            destroy.under_lease().await?;
            progress.clear();
        }
        if let Some(aws) = cloud.aws() {
            interrupt::or_stop(aws.remove_shared(), STOPPED).await??;
        }
        reporter.text(&format!(
            "stack {stack} is destroyed; downloaded results are kept"
        ));
        if empty {
            reporter.say(&format!(
                "nothing of it existed {}",
                target.place.in_words()
            ));
            reporter.say(&reporter.next(&Command::clusterup("status").target(), 2));
        }
        Ok(Finished::done(DestroyDocument {
            stack: stack.clone(),
            plan,
        }))
    }
}

/// What was deleted.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct DestroyDocument {
    /// The stack.
    stack: StackName,
    /// What was deleted, and why.
    plan: Plan,
}
