//! `prices`: what instance types cost, and where each price is from.

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
    /// Show each price of an instance type, with its source and age
    Show(show::ShowArgs),
    /// Download a region's current prices from AWS into the cache
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

/// The region that is used if none is configured.
const FALLBACK: &str = "us-east-1";

/// Returns the profile's region, or [`FALLBACK`] with a note.
async fn default_region(screen: &Screen) -> Result<Region, Failure> {
    if let Some(known) = target::known_region().await {
        return Ok(known);
    }
    screen.say(&format!(
        "no region is set: using {FALLBACK} (--region selects another)"
    ));
    let parsed = FALLBACK.parse();
    parsed.map_err(|error| Failure::input("no region is set").caused_by(&error))
}
