//! `log`: what the watchdog, and people through it, did; the audit log of this machine.

use super::context::Context;
use super::cost::when::When;
use super::failure::{Exit, Failure};
use super::ledger;
use super::screen::Screen;
use super::view;
use crate::ledger::{AuditQuery, Ledger, Logged};
use crate::model::audit::Act;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::run::clock::SystemClock;
use serde_json::json;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    /// Only of this cluster, by its id or its name
    #[arg(long, value_name = "ID")]
    cluster: Option<String>,
    /// Only what was done in this way: warn, terminate, ended, extend, …
    #[arg(long, value_parser = act)]
    act: Option<Act>,
    /// Only since then: a day, as 2026-11-01, or so long ago, as 2d
    #[arg(long)]
    since: Option<When>,
    /// So many entries, the newest [default: 50, or all since then]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    /// Go on with what comes; as JSON, an entry a line
    #[arg(long)]
    follow: bool,
}

/// How many entries are shown where nobody says.
const LAST: u32 = 50;

/// Between two looks at the ledger, which is a file of this machine.
const PAUSE: Duration = Duration::from_secs(1);

fn act(text: &str) -> Result<Act, String> {
    let found = Act::ALL.into_iter().find(|act| act.as_str() == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = Act::ALL.iter().map(|act| act.as_str()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub(super) async fn run(
    args: &LogArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let asked = AuditQuery {
        target: args.cluster.clone(),
        act: args.act,
        since: args.since.map(|since| since.at(SystemClock.now())),
        last: args.last.or(args.since.is_none().then_some(LAST)),
        ..AuditQuery::default()
    };
    if args.follow {
        return follow(asked, context, screen).await;
    }
    // Looking makes no ledger.
    let entries = if context.ledger()?.exists() {
        ledger::open(context, screen)?.entries(&asked)?
    } else {
        Vec::new()
    };
    if entries.is_empty() {
        nothing(args, screen);
    } else {
        screen.text(&entries.iter().map(view::log::entry).collect::<String>());
    }
    screen.document("log", 0, json!({ "entries": entries }));
    Ok(Exit::Done)
}

fn nothing(args: &LogArgs, screen: &Screen) {
    let (what, next) = if args.cluster.is_some() || args.act.is_some() || args.since.is_some() {
        ("nothing like that is in the log", "log")
    } else {
        (
            "nothing is in the log: no watchdog has run",
            "watchdog install",
        )
    };
    screen.text(what);
    screen.text(&screen.next(&Command::clusterup(next), 2));
}

async fn follow(
    mut asked: AuditQuery,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let ledger = ledger::open(context, screen)?;
    loop {
        if !show(&mut asked, &ledger, screen)? {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Shows what is new; false where nobody reads any more.
fn show(asked: &mut AuditQuery, ledger: &Ledger, screen: &Screen) -> Result<bool, Failure> {
    let entries = ledger.entries(asked)?;
    if let Some(Logged { id, .. }) = entries.last() {
        asked.after = Some(*id);
    }
    // Of what comes, everything.
    asked.last = None;
    asked.after = asked.after.or(Some(0));
    Ok(entries
        .iter()
        .all(|entry| screen.goes_on(&view::log::entry(entry), &json!(entry))))
}
