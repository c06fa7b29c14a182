//! `watchdog log`: shows this machine's audit log: what the watchdog, and people through it, did.

use crate::app::document::Document;
use crate::app::failure::{Exit, Failure};
use crate::app::recorded_costs;
use crate::app::session::Session;
use crate::cli::verb::{Finished, Verb};
use crate::cli::view;
use crate::cli::when::When;
use crate::ledger::{AuditQuery, Ledger, Logged};
use crate::model::audit::Act;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::run::clock::SystemClock;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct LogArgs {
    /// Show only this cluster, given by id or name
    #[arg(long, value_name = "ID")]
    cluster: Option<String>,
    /// Show only this kind of action: warn, terminate, ended, extend, …
    #[arg(long, value_parser = act)]
    act: Option<Act>,
    /// Show only newer entries: a day, such as 2026-11-01, or how long ago, such as 2d
    #[arg(long)]
    since: Option<When>,
    /// Show the newest N entries [default: 50, or all with --since]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    /// Keep printing new entries; with --output json, one JSON object per line
    #[arg(long)]
    follow: bool,
}

/// How many entries are shown by default.
const DEFAULT_ENTRIES: u32 = 50;

/// The interval between two reads of the ledger with `--follow`.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);

fn act(text: &str) -> Result<Act, String> {
    let act = Act::ALL.into_iter().find(|act| act.as_str() == text);
    act.ok_or_else(|| {
        let names: Vec<&str> = Act::ALL.iter().map(|act| act.as_str()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

impl Verb for LogArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let query = AuditQuery {
            target: self.cluster.clone(),
            act: self.act,
            since: self.since.map(|since| since.at(SystemClock.now())),
            last: self
                .last
                .or(self.since.is_none().then_some(DEFAULT_ENTRIES)),
            ..AuditQuery::default()
        };
        if self.follow {
            return follow(query, session).await;
        }
        // Reading does not create a ledger.
        let entries = if session.environment.ledger()?.exists() {
            recorded_costs::open(session)?.entries(&query)?
        } else {
            Vec::new()
        };
        if entries.is_empty() {
            no_entries(self, session);
        } else {
            session
                .reporter
                .text(&entries.iter().map(view::log::entry).collect::<String>());
        }
        Ok(Finished::done(LogDocument { entries }))
    }
}

fn no_entries(args: &LogArgs, session: &Session) {
    let reporter = &session.reporter;
    let (what, next) = if args.cluster.is_some() || args.act.is_some() || args.since.is_some() {
        ("no entry of the log matches", "watchdog log")
    } else {
        ("the log is empty: no watchdog has run", "watchdog install")
    };
    reporter.text(what);
    reporter.text(&reporter.next(&Command::clusterup(next), 2));
}

async fn follow(mut query: AuditQuery, session: &Session) -> Result<Finished, Failure> {
    let ledger = recorded_costs::open(session)?;
    loop {
        if !show(&mut query, &ledger, session)? {
            return Ok(Finished::without_document(Exit::Done));
        }
        tokio::time::sleep(FOLLOW_INTERVAL).await;
    }
}

/// Shows new entries; false if standard output is closed.
fn show(query: &mut AuditQuery, ledger: &Ledger, session: &Session) -> Result<bool, Failure> {
    let entries = ledger.entries(query)?;
    if let Some(Logged { id, .. }) = entries.last() {
        query.after = Some(*id);
    }
    // Every entry that follows is shown.
    query.last = None;
    query.after = query.after.or(Some(0));
    Ok(entries.iter().all(|entry| {
        session
            .reporter
            .record(&view::log::entry(entry), &Document::of(entry))
    }))
}

/// Entries of the audit log.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct LogDocument {
    /// The entries, oldest first.
    entries: Vec<Logged>,
}
