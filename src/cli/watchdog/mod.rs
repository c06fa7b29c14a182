//! `watchdog`: looks at every cluster, whoever made it, and ends the forgotten ones.

mod host;
mod install;
mod quote;
mod run;
mod sweep;
mod systemd;
mod unit;
mod watched;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum WatchdogVerb {
    /// Look at all clusters, again and again, until told to stop
    Run(run::RunArgs),
    /// Look at all clusters once
    Sweep(sweep::SweepArgs),
    /// Make the watchdog a service of systemd, hardened, on this machine
    Install(install::InstallArgs),
}

impl WatchdogVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "watchdog run",
            Self::Sweep(_) => "watchdog sweep",
            Self::Install(_) => "watchdog install",
        }
    }
}

pub(super) async fn run(
    verb: &WatchdogVerb,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    match verb {
        WatchdogVerb::Run(args) => run::run(args, context, screen).await,
        WatchdogVerb::Sweep(args) => sweep::run(args, context, screen).await,
        WatchdogVerb::Install(args) => install::run(args, context, screen),
    }
}
