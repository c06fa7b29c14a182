//! `watchdog`: looks at every cluster, no matter who made it, and ends the forgotten ones.

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
use crate::guard::watch;
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

/// What CloudWatch charges for, in words.
pub(super) fn costs() -> String {
    let [most, often, seldom] = watch::a_month();
    format!(
        "CloudWatch charges for what it is asked (GetMetricData): about {} a month for each cluster \
         whose idleness is being decided, {} where nothing ends by it, and ${} a month for each \
         region at most, with a sweep a minute.",
        often.up_to(2),
        seldom.up_to(2),
        most.amount().ceil(),
    )
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

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_has_the_figures_of_the_help() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let readme = words(include_str!("../../../README.md"));
        let costs = super::costs();
        assert!(readme.contains(&costs), "{costs}");
        for figure in ["$0.26 a month", "$0.03 where", "$216 a month"] {
            assert!(costs.contains(figure), "{costs}");
        }
    }
}
