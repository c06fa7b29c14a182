//! `destroy`: leaves nothing of a stack but its results at home.

use super::args::DestroyArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::interrupt;
use super::ledger;
use super::origin::{CurrentOrigin, OtherOrigin};
use super::prompt::consent;
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::unknown_stack;
use super::view;
use super::view::progress::Progress;
use crate::model::action::Action;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::plan::{Plan, Planned};
use crate::plan;
use crate::run::reconcile::reconcile;
use serde_json::json;
use std::path::Path;

pub(super) async fn run(
    args: &DestroyArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let (stack, region) = stack_file::name(&args.stack)?;
    let target = Target::open(&args.target, region.as_ref(), context).await?;
    let cloud = &*target.cloud;
    let plan = there(&target, &stack).await?;
    let here = CurrentOrigin::new(Path::new(&args.stack), context);
    let elsewhere = here.elsewhere(cloud, &stack).await?;
    if let Some(elsewhere) = &elsewhere {
        screen.say(elsewhere.line());
    }
    let empty = plan.is_empty();
    if empty && region.is_none() && !unknown_stack::has_been(&stack, &target, context, screen) {
        return Err(unknown_stack::was("destroy", &stack, &target).await);
    }
    screen.text(&view::plan::render(&plan, &target, None, &[], &screen.here));
    if !empty {
        let question = format!("This removes all of stack {stack}. Go on?");
        let question = OtherOrigin::before(elsewhere.as_ref(), question);
        if !consent(&question, args.yes, context)? {
            screen.say("nothing was changed");
            return Ok(Exit::Failed);
        }
        let progress = Progress::new(screen);
        let lease = interrupt::or_stop(cloud.lease(&stack, &progress), STOPPED).await??;
        let destroy = Destroy {
            target: &target,
            stack: &stack,
            context,
            screen,
            progress: &progress,
        };
        let removed = interrupt::or_stop(destroy.run(), STOPPED).await;
        let released = lease.release().await;
        removed??;
        released?;
        progress.clear();
    }
    interrupt::or_stop(cloud.remove_shared(), STOPPED).await??;
    screen.text(&format!(
        "nothing of stack {stack} is left but the results at home"
    ));
    if empty {
        screen.say(&format!("there was nothing of it {}", target.place()));
        screen.say(&screen.next(&Command::clusterup("status").target(), 2));
    }
    screen.document("destroy", 0, json!({ "stack": stack, "plan": plan }));
    Ok(Exit::Done)
}

/// What there is to remove. That there is nothing is believed at the second look: an apply that was
/// cut off a moment ago may have made what the first does not show yet.
async fn there(target: &Target, stack: &StackName) -> Result<Plan, Failure> {
    let cloud = &*target.cloud;
    let plan = plan::destroy(stack, &cloud.observe(stack, None).await?);
    if !plan.is_empty() || cloud.lag().is_zero() {
        return Ok(plan);
    }
    tokio::time::sleep(cloud.lag()).await;
    Ok(plan::destroy(stack, &cloud.observe(stack, None).await?))
}

struct Destroy<'a> {
    target: &'a Target,
    stack: &'a StackName,
    context: &'a Context,
    screen: &'a Screen,
    progress: &'a Progress<'a>,
}

impl Destroy<'_> {
    /// Removes what is there now, which under the lease nobody adds to. What is made besides, by a
    /// cluster that ends, is for the next pass.
    async fn run(&self) -> Result<(), Failure> {
        for _ in 0..PASSES {
            let plan = there(self.target, self.stack).await?;
            if plan.is_empty() {
                return Ok(());
            }
            self.pass(plan).await?;
        }
        let stack = self.stack;
        Err(Failure::new(
            Exit::Failed,
            format!("something of stack {stack} is still there"),
        )
        .hint("see what it is")
        .hint(Command::clusterup("status").stack(stack)))
    }

    /// What clusters have cost is kept when they have ended and before they are forgotten.
    async fn pass(&self, mut plan: Plan) -> Result<(), Failure> {
        let cloud = &*self.target.cloud;
        let forgets = |planned: &Planned| matches!(planned.action, Action::DeleteCluster(_));
        if let Some(first) = plan.actions.iter().position(forgets) {
            let rest = plan.actions.split_off(first);
            reconcile(cloud, &plan, self.progress).await?;
            self.note().await;
            plan.actions = rest;
        }
        Ok(reconcile(cloud, &plan, self.progress).await?)
    }

    async fn note(&self) {
        match self.target.cloud.watch(self.stack).await {
            Ok(clusters) => {
                ledger::note(&clusters, self.target, self.context, self.screen).await;
            }
            // What must go goes, counted or not.
            Err(error) => self
                .screen
                .say(&format!("warning: what this cost is not noted: {error}")),
        }
    }
}

/// What Ctrl-C leaves, and how to go on.
const STOPPED: [&str; 2] = [
    "interrupted before everything was removed",
    "destroy again goes on from here",
];

/// One that removes, and those that find what was still on its way.
const PASSES: usize = 3;
