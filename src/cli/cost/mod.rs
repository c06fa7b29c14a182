//! `cost`: estimates of stacks, and reports of what clusters have cost.

mod estimate;
mod report;
pub(super) mod when;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum CostVerb {
    /// Estimate what a stack's cluster costs; needs no credentials
    Estimate(estimate::EstimateArgs),
    /// Report what was spent by team, stack, owner, day or month, and how much was waste
    Report(report::ReportArgs),
}

impl CostVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Estimate(_) => "cost estimate",
            Self::Report(_) => "cost report",
        }
    }
}

pub(super) async fn run(
    verb: &CostVerb,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    match verb {
        CostVerb::Estimate(args) => estimate::run(args, context, screen),
        CostVerb::Report(args) => report::run(args, context, screen).await,
    }
}
