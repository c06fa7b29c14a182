//! `cost estimate`: what a stack's cluster costs per hour, per run, and at most.

use crate::cli::args::StackArgs;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ledger;
use crate::cli::screen::Screen;
use crate::cli::stack_file;
use crate::cli::view;
use crate::cli::view::estimate::Estimated;
use crate::cloud::account::ENDING;
use crate::cost::catalog::Catalog;
use crate::cost::compare::Comparison;
use crate::cost::estimate::Estimate;
use crate::model::clock::Clock;
use crate::model::desired::InstanceGroups;
use crate::model::name::Region;
use crate::model::span::Span;
use crate::model::stack::Stack;
use crate::run::clock::SystemClock;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EstimateArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// Estimate for this AWS region [default: the stack's]
    #[arg(long)]
    region: Option<Region>,
    /// The expected length of a run, such as 45m [default: from earlier runs]
    #[arg(long)]
    length: Option<Span>,
    /// An older version of the stack: show how the price changes
    #[arg(long, value_name = "OLD")]
    compare: Option<PathBuf>,
}

pub(super) fn run(
    args: &EstimateArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let stack = stack_file::read(&args.stack)?;
    let catalog = context.catalog();
    let estimate = estimate(&stack, args.region.as_ref(), &catalog)?;
    let known = ledger::expected(&stack.name, &estimate.region, context, screen);
    let estimated = Estimated {
        estimate: &estimate,
        guardrails: &stack.guardrails,
        groups: &InstanceGroups::of(&stack.cluster),
        expected: args.length.or(known),
        ending: ENDING,
        now: SystemClock.now(),
    };
    screen.text(&estimated.render());
    let comparison = match &args.compare {
        Some(old) => Some(compare(args, old, &estimate, &catalog)?),
        None => None,
    };
    if let Some(comparison) = &comparison {
        let old = args.compare.iter().map(|old| old.display().to_string());
        screen.text(&format!("\nagainst {}", old.collect::<String>()));
        screen.text(&view::compare::render(comparison));
    }
    let fields = document(&stack, &estimated, comparison.as_ref());
    screen.document("cost estimate", 0, fields);
    Ok(Exit::Done)
}

fn estimate(
    stack: &Stack,
    region: Option<&Region>,
    catalog: &Catalog,
) -> Result<Estimate, Failure> {
    let groups = InstanceGroups::of(&stack.cluster);
    let region = region.unwrap_or(&stack.region);
    Estimate::of(catalog, region, &groups).map_err(|missing| view::figures::missing_price(&missing))
}

/// Compares with an older version of the stack. `--set` applies to the new version only.
fn compare(
    args: &EstimateArgs,
    old: &std::path::Path,
    new: &Estimate,
    catalog: &Catalog,
) -> Result<Comparison, Failure> {
    let old = stack_file::read(&StackArgs {
        stack: old.to_owned(),
        sets: Vec::new(),
    })?;
    let old = estimate(&old, args.region.as_ref(), catalog)?;
    Ok(Comparison::of(&old, new))
}

fn document(stack: &Stack, estimated: &Estimated<'_>, comparison: Option<&Comparison>) -> Value {
    let length = estimated.expected;
    let run = estimated.run();
    let (cause, deadline) = estimated.deadline();
    json!({
        "stack": stack.name,
        "estimate": estimated.estimate,
        "run": run.map(|usd| json!({ "length": length, "usd": usd })),
        "worst": {
            "usd": estimated.worst(),
            "set_by": cause,
            "deadline": deadline,
            "terminating": estimated.ending,
        },
        "notes": estimated.estimate.notes(),
        "comparison": comparison,
    })
}
