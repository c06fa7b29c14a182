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
    let mut shown = Vec::new();
    for stack in &stacks {
        let observed = cloud.observe(stack, None).await?;
        if observed.is_empty() {
            screen.text(&format!("stack {stack}: nothing of it is there"));
        } else {
            screen.text(&view::status::render(stack, &observed));
        }
        shown.push(json!({ "stack": stack, "observed": observed }));
    }
    if stacks.is_empty() {
        screen.text("no stacks on this machine");
    }
    screen.document("status", 0, json!({ "stacks": shown }));
    Ok(Exit::Done)
}
