//! `status`: stacks and clusters as they are.

use super::args::StatusArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::stack_file;
use super::view;
use crate::cloud::Cloud;
use serde_json::json;

pub(super) async fn run(
    args: &StatusArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    stack_file::need_local(&args.target)?;
    let cloud = context.local()?;
    let stacks = match &args.stack {
        Some(stack) => vec![stack_file::name(stack)?],
        None => cloud.stacks().await?,
    };
    let (mut shown, mut unread) = (Vec::new(), false);
    for stack in &stacks {
        let observed = match cloud.observe(stack, None).await {
            Ok(observed) => observed,
            // One stack that cannot be read must not hide the others.
            Err(error) if args.stack.is_none() => {
                screen.say(&format!("stack {stack}: {error}"));
                unread = true;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if observed.is_empty() {
            screen.text(&format!("stack {stack}: nothing of it is there"));
            screen.text("  next: clusterup status --local shows the stacks that are");
        } else {
            screen.text(&view::status::render(stack, &observed));
        }
        shown.push(json!({ "stack": stack, "observed": observed }));
    }
    if stacks.is_empty() {
        screen.text("no stacks on this machine");
    }
    let exit = if unread { Exit::Failed } else { Exit::Done };
    screen.document("status", exit.code(), json!({ "stacks": shown }));
    Ok(exit)
}
