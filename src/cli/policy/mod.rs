//! `policy`: checks stacks against policies, tests policies, and copies their budgets to AWS.

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
    /// Check stacks against policies; needs no credentials
    Check(check::CheckArgs),
    /// Test policies with examples that state the expected verdict
    Test(test::TestArgs),
    /// Create, change and delete AWS Budgets so that they match the policies' monthly budgets
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
