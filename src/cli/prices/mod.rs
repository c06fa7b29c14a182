//! `prices`: what instance types cost, and from whom that is known.

mod refresh;
mod show;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::target;
use crate::model::name::Region;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum PricesVerb {
    /// Show each figure of an instance type: price, source, age
    Show(show::ShowArgs),
    /// Ask AWS for a region's prices and keep them in the cache
    Refresh(refresh::RefreshArgs),
}

impl PricesVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Show(_) => "prices show",
            Self::Refresh(_) => "prices refresh",
        }
    }
}

pub(super) async fn run(
    verb: &PricesVerb,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    match verb {
        PricesVerb::Show(args) => show::run(args, context, screen).await,
        PricesVerb::Refresh(args) => refresh::run(args, context, screen).await,
    }
}

/// Where no region is named at all, the one that AWS began with.
const FIRST: &str = "us-east-1";

/// The profile's region; where there is none, [`FIRST`], said aloud.
async fn default_region(screen: &Screen) -> Result<Region, Failure> {
    if let Some(known) = target::known_region().await {
        return Ok(known);
    }
    screen.say(&format!(
        "no region is named: taking {FIRST} (--region says another)"
    ));
    let parsed = FIRST.parse();
    parsed.map_err(|error| Failure::input("no region is named").caused_by(&error))
}
