//! `cost`: what stacks cost.

mod estimate;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum CostVerb {
    /// Say what a stack's cluster costs, touching nothing and without credentials
    Estimate(estimate::EstimateArgs),
}

impl CostVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Estimate(_) => "cost estimate",
        }
    }
}

pub(super) fn run(verb: &CostVerb, context: &Context, screen: &Screen) -> Result<Exit, Failure> {
    match verb {
        CostVerb::Estimate(args) => estimate::run(args, context, screen),
    }
}
