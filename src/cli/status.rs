//! `status`: stacks and clusters as they are.

use super::args::StatusArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::ledger;
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::view;
use serde_json::json;

pub(super) async fn run(
    args: &StatusArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let (stack, region) = match &args.stack {
        Some(stack) => {
            let (stack, region) = stack_file::name(stack)?;
            (Some(stack), region)
        }
        None => (None, None),
    };
    let target = Target::open(&args.target, region.as_ref(), context).await?;
    let cloud = &*target.cloud;
    let stacks = match stack {
        Some(stack) => vec![stack],
        None => cloud.stacks().await?,
    };
    let (mut shown, mut seen, mut unread) = (Vec::new(), Vec::new(), false);
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
            let flag = target.flag();
            screen.text(&format!(
                "  next: clusterup status{flag} shows the stacks that are"
            ));
        } else {
            screen.text(&view::status::render(stack, &observed, &target));
            match cloud.follow_caller(stack).await {
                Ok(ports) => ports.into_iter().for_each(|port| {
                    screen.say(&format!(
                        "port {port} is open to this machine's new address"
                    ));
                }),
                // What there is can be told without it.
                Err(error) => screen.say(&format!("its door may be closed to you: {error}")),
            }
        }
        shown.push(json!({ "stack": stack, "observed": observed }));
        seen.extend(observed.clusters);
    }
    ledger::note(&seen, &target, context, screen).await;
    if stacks.is_empty() {
        screen.text(&format!("no stacks {}", target.place()));
    }
    let exit = if unread { Exit::Failed } else { Exit::Done };
    screen.document("status", exit.code(), json!({ "stacks": shown }));
    Ok(exit)
}
