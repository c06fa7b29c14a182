//! `watchdog`: watches all clusters, no matter who created them, and ends forgotten ones.

mod host;
mod install;
mod log;
mod quote;
mod run;
mod sweep;
mod systemd;
mod unit;
mod watched;

use super::verb::verbs;
use crate::guard::watch;
pub(super) use install::InstallDocument;
pub(super) use log::LogDocument;
pub(super) use run::WatchdogDocument;
pub(super) use sweep::SweepDocument;

verbs! {
    pub(in crate::cli) enum WatchdogVerb {
        /// Watch all clusters until stopped, and serve a web page
        Run(run::RunArgs),
        /// Look at all clusters once
        Sweep(sweep::SweepArgs),
        /// Show what the watchdog did, and why (this machine's audit log)
        Log(log::LogArgs),
        /// Install the watchdog as a hardened systemd service on this machine
        Install(install::InstallArgs),
    }
}

/// The paragraph of the help on CloudWatch's charges.
pub(super) fn costs() -> String {
    let [maximum, measured, rarely] = watch::a_month();
    format!(
        "CloudWatch charges for GetMetricData: with a sweep every minute, about {} a month for \
         each cluster whose idleness is measured, {} for each cluster that cannot end for \
         idleness, and at most ${} a month for each region.",
        measured.up_to(2),
        rarely.up_to(2),
        maximum.amount().ceil(),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_guide_repeats_the_charges_of_the_help() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let guide = words(include_str!("../../../docs/watchdog.md"));
        let costs = super::costs();
        assert!(guide.contains(&costs), "{costs}");
        for figure in ["$0.26 a month", "$0.03 for each", "at most $216 a month"] {
            assert!(costs.contains(figure), "{costs}");
        }
    }
}
