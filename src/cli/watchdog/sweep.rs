//! `watchdog sweep`: one sweep over all clusters.

use super::watched::WatchArgs;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt;
use crate::cli::screen::Screen;
use crate::cli::view::watchdog as view;
use crate::model::hint::Command;
use crate::run::watchdog::Report;
use serde_json::json;

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
    "`clusterup log` shows what was done; the next sweep continues",
];

pub(super) async fn run(
    args: &SweepArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let watched = args.watch.open(context, screen).await?;
    let mut watchdog = watched.watchdog();
    let report = if args.dry_run {
        interrupt::or_stop(watchdog.sweep(true), STOPPED).await?
    } else {
        let lease = watched.lease_place.watch().await?.ok_or_else(|| {
            Failure::new(Exit::Failed, "another watchdog is running")
                .hint("see what it does, or do a dry run")
                .hint(Command::clusterup("log"))
                .hint(Command::again().arg("--dry-run"))
        })?;
        let report = interrupt::or_stop(watchdog.sweep(false), STOPPED).await;
        lease.release().await?;
        report?
    };
    screen.text(view::report(&report, args.dry_run).trim_end());
    let exit = if is_complete(&report) {
        Exit::Done
    } else {
        Exit::Failed
    };
    let fields = json!({ "dry_run": args.dry_run, "report": view::document(&report) });
    screen.document("watchdog sweep", exit.code(), fields);
    Ok(exit)
}

/// Whether every place was listed and every running cluster was looked at. Otherwise the sweep
/// cannot report that nothing is forgotten.
const fn is_complete(report: &Report) -> bool {
    report.summary.blind.is_empty() && report.summary.unlooked == 0
}
