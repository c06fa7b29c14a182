//! `cost`: what clusters have cost.

mod report;
mod when;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum CostVerb {
    /// Show what was spent, by team, stack, owner, day or month, and how much of it was waste
    Report(report::ReportArgs),
}

impl CostVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
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
        CostVerb::Report(args) => report::run(args, context, screen).await,
    }
}
