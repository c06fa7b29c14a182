//! `plan`: shows what apply would do, and why.

use super::admission::services::CliServices;
use super::admission::{Admission, PolicyReport};
use super::args::PlanArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::ledger;
use super::origin::{CurrentOrigin, OtherOrigin};
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::view;
use super::view::price::Prices;
use super::view::progress::Progress;
use crate::model::plan::Plan;
use crate::plan::Options;
use crate::run::clock::SystemClock;
use crate::run::driver::Driver;
use serde_json::json;

pub(super) async fn run(
    args: &PlanArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let stack = stack_file::read_whole(&args.stack, context)?;
    let read = args
        .policies
        .read(&args.stack.stack, context, screen)
        .await?;
    let stack = read.policies.impose(stack);
    let target = Target::open(&args.target, Some(&stack.region), context).await?;
    let cloud = &*target.cloud;
    let progress = Progress::new(screen);
    let facts = cloud.facts(&stack, args.sample, &progress).await?;
    progress.clear();
    let driver = Driver {
        cloud,
        stack: &stack,
        facts: &facts,
        listener: &progress,
        clock: &SystemClock,
    };
    let mut prepared = driver.prepare(options(args)).await?;
    let here = CurrentOrigin::new(&args.stack.stack, context);
    let elsewhere = here.elsewhere(cloud, &stack.name).await?;
    let services = CliServices { context, screen };
    let admission = Admission::open(&read, &stack, &target, &services, None).await?;
    let report = admission.judge(&mut prepared).await?;
    let catalog = context.catalog();
    let prices = target.region.as_ref().map(|region| Prices {
        catalog: &catalog,
        region,
        clusters: &prepared.observed.clusters,
        expected: ledger::expected(&stack.name, region, context, screen),
        now: prepared.observed.at,
    });
    let plan = &prepared.plan;
    // Missing permissions are reported after the plan that needs them.
    let safeguards = cloud.check(plan).await;
    let known = safeguards.as_deref().unwrap_or_default();
    if let Some(elsewhere) = &elsewhere {
        screen.text(elsewhere.line());
    }
    let text = view::plan::render(plan, &target, prices.as_ref(), known, &screen.here);
    screen.text(&text);
    let safeguards = safeguards?;
    if let Some(report) = &report {
        screen.text(&view::policy::render(report));
    }
    let denied = report.as_ref().is_some_and(PolicyReport::denies);
    let exit = if denied { Exit::Refused } else { Exit::Done };
    let mut fields = cost_fields(plan, prices.as_ref());
    fields["plan"] = json!(plan);
    fields["rungs"] = json!(safeguards);
    fields["policy"] = json!(report);
    fields["applied_elsewhere"] = json!(OtherOrigin::json(elsewhere.as_ref()));
    screen.document("plan", exit.code(), fields);
    Ok(exit)
}

/// The JSON fields on what the plan's cluster costs, and how a change affects the price.
fn cost_fields(plan: &Plan, prices: Option<&Prices<'_>>) -> serde_json::Value {
    let estimate = prices.and_then(|prices| prices.estimate(plan));
    let mut actions = plan.actions.iter().map(|planned| &planned.action);
    let comparison = prices.and_then(|prices| actions.find_map(|action| prices.comparison(action)));
    json!({ "estimate": estimate, "comparison": comparison })
}

const fn options(args: &PlanArgs) -> Options {
    Options {
        again: args.again,
        create_roles: args.create_roles,
    }
}
