//! `destroy`: leaves nothing of a stack but its results at home.

use super::args::DestroyArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::prompt::consent;
use super::screen::Screen;
use super::stack_file;
use super::view;
use super::view::progress::Progress;
use crate::cloud::Cloud;
use crate::plan;
use crate::run::reconcile::reconcile;
use serde_json::json;

pub(super) async fn run(
    args: &DestroyArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    stack_file::need_local(&args.target)?;
    let stack = stack_file::name(&args.stack)?;
    let cloud = context.local()?;
    let progress = Progress::new(screen);
    let _lease = cloud.lease(&stack, &progress).await?;
    let plan = plan::destroy(&stack, &cloud.observe(&stack, None).await?);
    screen.text(&view::plan::render(&plan));
    if !plan.is_empty() {
        let question = format!("This removes all of stack {stack}. Go on?");
        if !consent(&question, args.yes, context)? {
            screen.say("nothing was changed");
            return Ok(Exit::Failed);
        }
        reconcile(&cloud, &plan, &progress).await?;
        progress.clear();
    }
    let left = cloud.observe(&stack, None).await?;
    if !left.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            format!("something of stack {stack} is still there"),
        )
        .hint(format!("see it: clusterup status {stack} --local")));
    }
    screen.text(&format!(
        "nothing of stack {stack} is left but the results at home"
    ));
    screen.document("destroy", 0, json!({ "stack": stack, "plan": plan }));
    Ok(Exit::Done)
}
