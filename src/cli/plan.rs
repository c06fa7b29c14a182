//! `plan`: what apply would do, and why.

use super::args::PlanArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::stack_file;
use super::view;
use super::view::progress::Progress;
use crate::cloud::Cloud;
use crate::plan::Options;
use crate::run::driver::Driver;
use serde_json::json;
use std::time::Duration;

/// Between two looks at a job of this machine.
pub(super) const PAUSE: Duration = Duration::from_millis(250);

pub(super) async fn run(
    args: &PlanArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    stack_file::need_local(&args.target)?;
    let stack = stack_file::read(&args.stack)?;
    let cloud = context.local()?;
    let progress = Progress::new(screen);
    let facts = cloud.facts(&stack, args.sample, &progress).await?;
    progress.clear();
    let driver = Driver {
        cloud: &cloud,
        stack: &stack,
        facts: &facts,
        hear: &progress,
        pause: PAUSE,
    };
    let prepared = driver
        .prepare(Options {
            again: args.again,
            create_roles: args.create_roles,
        })
        .await?;
    screen.text(&view::plan::render(&prepared.plan));
    screen.document("plan", 0, json!({ "plan": prepared.plan }));
    Ok(Exit::Done)
}
