//! `destroy`: leaves nothing of a stack but its results at home.

use super::args::DestroyArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::interrupt;
use super::prompt::consent;
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::view;
use super::view::progress::Progress;
use crate::model::name::StackName;
use crate::model::plan::Plan;
use crate::plan;
use crate::run::reconcile::reconcile;
use serde_json::json;

pub(super) async fn run(
    args: &DestroyArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let (stack, region) = stack_file::name(&args.stack)?;
    let target = Target::open(&args.target, region.as_ref(), context).await?;
    let cloud = &*target.cloud;
    let plan = there(&target, &stack).await?;
    screen.text(&view::plan::render(&plan, &target, None));
    let empty = plan.is_empty();
    if !empty {
        let question = format!("This removes all of stack {stack}. Go on?");
        if !consent(&question, args.yes, context)? {
            screen.say("nothing was changed");
            return Ok(Exit::Failed);
        }
        let progress = Progress::new(screen);
        let lease = interrupt::or_stop(cloud.lease(&stack, &progress), STOPPED).await??;
        let removed = interrupt::or_stop(remove(&target, &stack, &progress), STOPPED).await;
        let released = lease.release().await;
        removed??;
        released?;
        progress.clear();
    }
    interrupt::or_stop(cloud.leave(), STOPPED).await??;
    screen.text(&format!(
        "nothing of stack {stack} is left but the results at home"
    ));
    if empty {
        let (place, flag) = (target.place(), target.flag());
        screen.say(&format!("there was nothing of it {place}"));
        screen.say(&format!(
            "  next: clusterup status{flag} shows the stacks that are"
        ));
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

/// Removes what is there now, which under the lease nobody adds to. What is made besides, by a
/// cluster that ends, is for the next pass.
async fn remove(
    target: &Target,
    stack: &StackName,
    progress: &Progress<'_>,
) -> Result<(), Failure> {
    for _ in 0..PASSES {
        let plan = there(target, stack).await?;
        if plan.is_empty() {
            return Ok(());
        }
        reconcile(&*target.cloud, &plan, progress).await?;
    }
    let flag = target.flag();
    Err(Failure::new(
        Exit::Failed,
        format!("something of stack {stack} is still there"),
    )
    .hint(format!("see it: clusterup status {stack}{flag}")))
}

/// What Ctrl-C leaves, and how to go on.
const STOPPED: [&str; 2] = [
    "interrupted before everything was removed",
    "destroy again goes on from here",
];

/// One that removes, and those that find what was still on its way.
const PASSES: usize = 3;
