//! `policy`: what stacks may ask for, and what teams may spend.

mod push;
mod source;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum PolicyVerb {
    /// Make AWS's budgets as the policies' monthly budgets are
    Push(push::PushArgs),
}

impl PolicyVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Push(_) => "policy push",
        }
    }
}

pub(super) async fn run(
    verb: &PolicyVerb,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    match verb {
        PolicyVerb::Push(args) => push::run(args, context, screen).await,
    }
}
