//! `destroy`: ends a stack's clusters and deletes everything else of it but downloaded results.

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
    let plan = destroy_plan(&target, &stack).await?;
    let here = CurrentOrigin::new(Path::new(&args.stack), context);
    let elsewhere = here.elsewhere(cloud, &stack).await?;
    if let Some(elsewhere) = &elsewhere {
        screen.say(elsewhere.line());
    }
    let empty = plan.is_empty();
    if empty && region.is_none() && !unknown_stack::existed(&stack, &target, context, screen) {
        return Err(unknown_stack::failure("destroy", &stack, &target).await);
    }
    screen.text(&view::plan::render(&plan, &target, None, &[], &screen.here));
    if !empty {
        let question = format!("This deletes everything of stack {stack}. Continue?");
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
        let destroyed = interrupt::or_stop(destroy.run(), STOPPED).await;
        let released = lease.release().await;
        destroyed??;
        released?;
        progress.clear();
    }
    interrupt::or_stop(cloud.remove_shared(), STOPPED).await??;
    screen.text(&format!(
        "stack {stack} is destroyed; downloaded results are kept"
    ));
    if empty {
        screen.say(&format!("nothing of it existed {}", target.place()));
        screen.say(&screen.next(&Command::clusterup("status").target(), 2));
    }
    screen.document("destroy", 0, json!({ "stack": stack, "plan": plan }));
    Ok(Exit::Done)
}

/// The plan that deletes what exists. An empty plan is checked again after the visibility window:
/// AWS may not list yet what an interrupted apply has just created.
async fn destroy_plan(target: &Target, stack: &StackName) -> Result<Plan, Failure> {
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
    /// Deletes what exists. The lease keeps others from adding to it; what an ending cluster still
    /// creates is deleted by the next pass.
    async fn run(&self) -> Result<(), Failure> {
        for _ in 0..MAX_PASSES {
            let plan = destroy_plan(self.target, self.stack).await?;
            if plan.is_empty() {
                return Ok(());
            }
            self.pass(plan).await?;
        }
        let stack = self.stack;
        Err(
            Failure::new(Exit::Failed, format!("stack {stack} still has resources"))
                .hint("see what is left")
                .hint(Command::clusterup("status").stack(stack)),
        )
    }

    /// Applies the plan. Costs are recorded after clusters have ended and before their records go.
    async fn pass(&self, mut plan: Plan) -> Result<(), Failure> {
        let cloud = &*self.target.cloud;
        let deletes_record = |planned: &Planned| matches!(planned.action, Action::DeleteCluster(_));
        if let Some(first) = plan.actions.iter().position(deletes_record) {
            let deletions = plan.actions.split_off(first);
            reconcile(cloud, &plan, self.progress).await?;
            self.note().await;
            plan.actions = deletions;
        }
        Ok(reconcile(cloud, &plan, self.progress).await?)
    }

    async fn note(&self) {
        match self.target.cloud.watch(self.stack).await {
            Ok(clusters) => {
                ledger::note(&clusters, self.target, self.context, self.screen).await;
            }
            // A missing cost record must not stop the deletion.
            Err(error) => self.screen.say(&format!(
                "warning: could not record what this cost: {error}"
            )),
        }
    }
}

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted before everything was deleted",
    "destroy again to continue",
];

/// The first pass deletes; later ones find what was still being created.
const MAX_PASSES: usize = 3;
