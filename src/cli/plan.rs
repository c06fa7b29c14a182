//! `plan`: what apply would do, and why.

use super::args::PlanArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::view;
use super::view::progress::Progress;
use crate::plan::Options;
use crate::run::clock::SystemClock;
use crate::run::driver::Driver;
use serde_json::json;

pub(super) async fn run(
    args: &PlanArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let stack = stack_file::read(&args.stack)?;
    let target = Target::open(&args.target, Some(&stack.region), context).await?;
    let cloud = &*target.cloud;
    let progress = Progress::new(screen);
    let facts = cloud.facts(&stack, args.sample, &progress).await?;
    progress.clear();
    let driver = Driver {
        cloud,
        stack: &stack,
        facts: &facts,
        hear: &progress,
        clock: &SystemClock,
    };
    let prepared = driver
        .prepare(Options {
            again: args.again,
            create_roles: args.create_roles,
        })
        .await?;
    screen.text(&view::plan::render(&prepared.plan, &target));
    cloud.check(&prepared.plan).await?;
    let estimate = view::price::estimate(&prepared.plan, target.region.as_ref());
    let fields = json!({ "plan": prepared.plan, "estimate": estimate });
    screen.document("plan", 0, fields);
    Ok(Exit::Done)
}
