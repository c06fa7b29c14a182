//! `watchdog`: what ends forgotten clusters, as a daemon on a machine.

mod install;
mod quote;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the daemon's loop is what speaks to systemd")
)]
mod systemd;
mod unit;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum WatchdogVerb {
    /// Make the watchdog a service of systemd, hardened, on this machine
    Install(install::InstallArgs),
}

impl WatchdogVerb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Install(_) => "watchdog install",
        }
    }
}

pub(super) fn run(
    verb: &WatchdogVerb,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    match verb {
        WatchdogVerb::Install(args) => install::run(args, context, screen),
    }
}
