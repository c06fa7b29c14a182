//! `cost estimate`: what a stack's cluster costs per hour, per run, and at most.

use crate::app::failure::Failure;
use crate::app::recorded_costs;
use crate::app::session::Session;
use crate::app::stack_file::{self, StackFile};
use crate::cli::flags::StackArgs;
use crate::cli::verb::{Finished, Verb};
use crate::cli::view;
use crate::cli::view::estimate::Estimated;
use crate::cloud::account::ENDING;
use crate::cost::catalog::Catalog;
use crate::cost::catalog::Note;
use crate::cost::compare::Comparison;
use crate::cost::estimate::Estimate;
use crate::guard::Cause;
use crate::model::clock::Clock;
use crate::model::desired::InstanceGroups;
use crate::model::money::Usd;
use crate::model::name::Region;
use crate::model::name::StackName;
use crate::model::span::Span;
use crate::model::stack::Stack;
use crate::run::clock::SystemClock;
use serde::Serialize;
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
    /// Show how the price changes from this older version of the stack
    #[arg(long, value_name = "OLD")]
    compare: Option<PathBuf>,
}

impl Verb for EstimateArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let stack = stack_file::read(&self.stack.file())?;
        let catalog = session.environment.catalog();
        let estimate = estimate(&stack, self.region.as_ref(), &catalog)?;
        let known = recorded_costs::expected(&stack.name, &estimate.region, session);
        let estimated = Estimated {
            estimate: &estimate,
            guardrails: &stack.guardrails,
            groups: &InstanceGroups::of(&stack.cluster),
            expected: self.length.or(known),
            ending: ENDING,
            now: SystemClock.now(),
        };
        reporter.text(&estimated.render());
        let comparison = match &self.compare {
            Some(old) => Some(compare(self, old, &estimate, &catalog)?),
            None => None,
        };
        if let Some(comparison) = &comparison {
            let old = self.compare.iter().map(|old| old.display().to_string());
            reporter.text(&format!("\nagainst {}", old.collect::<String>()));
            reporter.text(&view::compare::render(comparison));
        }
        let fields = document(&stack, &estimated, comparison.as_ref());
        Ok(Finished::done(fields))
    }
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
    let old = stack_file::read(&StackFile::new(old))?;
    let old = estimate(&old, args.region.as_ref(), catalog)?;
    Ok(Comparison::of(&old, new))
}

fn document(
    stack: &Stack,
    estimated: &Estimated<'_>,
    comparison: Option<&Comparison>,
) -> EstimateDocument {
    let length = estimated.expected;
    let run = estimated.run();
    let (cause, deadline) = estimated.deadline();
    EstimateDocument {
        stack: stack.name.clone(),
        estimate: estimated.estimate.clone(),
        run: run.map(|cost| RunCost { length, cost }),
        worst: WorstCost {
            cost: estimated.worst(),
            set_by: cause,
            deadline,
            terminating: estimated.ending,
        },
        notes: estimated.estimate.notes(),
        comparison: comparison.cloned(),
    }
}

/// What a stack costs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct EstimateDocument {
    /// The stack.
    stack: StackName,
    /// The price of its cluster.
    estimate: Estimate,
    /// The cost of a run, with `--length`.
    run: Option<RunCost>,
    /// The most that a cluster can cost.
    worst: WorstCost,
    /// Why a price is not certain.
    notes: Vec<Note>,
    /// The difference from another version, with `--compare`.
    comparison: Option<Comparison>,
}

/// The cost of a run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct RunCost {
    /// How long it takes.
    length: Option<Span>,
    /// What it costs.
    cost: Usd,
}

/// The most that a cluster can cost.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct WorstCost {
    /// The amount.
    cost: Usd,
    /// The guardrail that ends it then.
    set_by: Cause,
    /// After how long.
    deadline: Span,
    /// How long it then takes to end.
    terminating: Span,
}
