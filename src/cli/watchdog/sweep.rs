//! `watchdog sweep`: one sweep over all clusters.

use super::watched::WatchArgs;
use crate::app::failure::{Exit, Failure};
use crate::app::interrupt;
use crate::app::session::Session;
use crate::cli::verb::{Finished, Verb};
use crate::cli::view::watchdog as view;
use crate::cli::view::watchdog::ReportDocument;
use crate::model::hint::Command;
use crate::run::watchdog::Report;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SweepArgs {
    #[command(flatten)]
    watch: WatchArgs,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

const STOPPED: [&str; 2] = [
    "interrupted during the sweep",
    "`clusterup watchdog log` shows what was done; the next sweep continues",
];

impl Verb for SweepArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let watched = self.watch.open(session).await?;
        let mut watchdog = watched.watchdog();
        let progress = session.reporter.progress();
        let report = if self.dry_run {
            interrupt::or_stop(watchdog.sweep_all(true, &*progress), STOPPED).await?
        } else {
            let lease = watched.lease_place.watch().await?.ok_or_else(|| {
                Failure::new(Exit::Failed, "another watchdog is running")
                    .hint("see what it does, or do a dry run")
                    .hint(Command::clusterup("watchdog log"))
                    .hint(Command::again().arg("--dry-run"))
            })?;
            let sweep = watchdog.sweep_all(false, &*progress);
            let report = interrupt::or_stop(sweep, STOPPED).await;
            lease.release().await?;
            report?
        };
        progress.clear();
        session
            .reporter
            .text(view::report(&report, self.dry_run).trim_end());
        let exit = if is_complete(&report) {
            Exit::Done
        } else {
            Exit::Incomplete
        };
        let fields = SweepDocument {
            dry_run: self.dry_run,
            report: view::document(report),
        };
        Ok(Finished::with(exit, fields))
    }
}

/// Whether every place was listed and every running cluster was judged. Otherwise the sweep cannot
/// report that nothing is forgotten.
const fn is_complete(report: &Report) -> bool {
    let summary = &report.summary;
    summary.blind.is_empty() && summary.unlooked == 0 && summary.unread == 0
}

/// One sweep of the watchdog.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct SweepDocument {
    /// Whether nothing was done.
    dry_run: bool,
    /// What it found and did.
    report: ReportDocument,
}
