//! `policy`: what stacks may ask for, and what teams may spend.

mod check;
mod format;
mod push;
mod test;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum PolicyVerb {
    /// Hold stacks against policies, touching nothing
    Check(check::CheckArgs),
    /// Hold policies against examples with expected verdicts
    Test(test::TestArgs),
    /// Make AWS's budgets as the policies' monthly budgets are
    Push(push::PushArgs),
}

impl PolicyVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Check(_) => "policy check",
            Self::Test(_) => "policy test",
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
        PolicyVerb::Check(args) => check::run(args, context, screen).await,
        PolicyVerb::Test(args) => test::run(args, context, screen).await,
        PolicyVerb::Push(args) => push::run(args, context, screen).await,
    }
}
