//! `cost report`: what clusters have cost, and how much of it was waste.

use crate::app::accounts::warn_of;
use crate::app::failure::{Exit, Failure};
use crate::app::recorded_costs;
use crate::app::session::Session;
use crate::app::target::Target;
use crate::cli::cost::html::HtmlArgs;
use crate::cli::flags::{TargetArgs, only};
use crate::cli::verb::{Finished, Verb};
use crate::cli::view;
use crate::cli::view::ledger::CostView;
use crate::cli::view::report_document::DEAREST;
use crate::cli::when::When;
use crate::cloud::payer;
use crate::cost::ledger::{By, ClusterCost, Record, Report, Scope, Spending, Window};
use crate::ledger::Ledger;
use crate::model::clock::Clock;
use crate::model::place::Place;
use crate::run::clock::SystemClock;
use crate::run::ledger::{Unsynced, sync};
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ReportArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// What to group by
    #[arg(long, value_enum, default_value_t = ByArg::Stack)]
    by: ByArg,
    /// Start: a day (00:00 UTC), or how long ago, such as 12h
    #[arg(long, value_name = "DAY|AGO", default_value = "30d")]
    since: When,
    /// End: a day (00:00 UTC), or how long ago [default: now]
    #[arg(long, value_name = "DAY|AGO")]
    until: Option<When>,
    /// Print CSV for spreadsheets
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    html: HtmlArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ByArg {
    Team,
    Stack,
    Owner,
    Day,
    Month,
}

impl From<ByArg> for By {
    fn from(by: ByArg) -> Self {
        match by {
            ByArg::Team => Self::Team,
            ByArg::Stack => Self::Stack,
            ByArg::Owner => Self::Owner,
            ByArg::Day => Self::Day,
            ByArg::Month => Self::Month,
        }
    }
}

impl Verb for ReportArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        if self.csv {
            only("--csv", &*session.reporter)?;
        }
        let now = SystemClock.now();
        let window = window(self, now)?;
        let target = Target::open(&self.target.choice(), None, session).await?;
        let mut ledger = recorded_costs::open(session)?;
        let data = match sync_ledger(&target, &mut ledger, now).await {
            Ok(scope) => CostData::now(&ledger, scope, window, now)?,
            Err(Unsynced::Ledger(error)) => return Err(error.into()),
            Err(Unsynced::Cloud(error)) => {
                let data = CostData::last(&ledger, &target, window)?;
                let failure = Failure::from(error);
                let Some(data) = data else {
                    return Err(failure);
                };
                warn_of_stale_data(&failure, data.as_of, session);
                data
            }
        };
        let report = Report::of(&data.records, self.by.into(), window, data.as_of);
        let view = CostView {
            report: &report,
            spending: &Spending::of(&data.records, window, data.as_of),
            dearest: &ClusterCost::dearest(&data.records, window, data.as_of, DEAREST),
            target: &target,
            as_of: data.as_of,
            utf8: session.environment.utf8,
        };
        let choice = self.target.choice();
        let html = self.html.write(&view, &choice).await?;
        if self.csv {
            reporter.raw(&view::ledger::csv(&report)?);
            if let Some(unpriced) = view::ledger::unpriced(&report) {
                reporter.say(&unpriced);
            }
            return Ok(Finished::without_document(Exit::Done));
        }
        reporter.text(&view::ledger::render(&view));
        let Scope { place, account } = data.scope;
        Ok(Finished::done(ReportDocument {
            target: place,
            account,
            would_have_cost: !target.costs(),
            as_of: data.as_of,
            stale: data.as_of != now,
            report,
            html,
        }))
    }
}

fn window(args: &ReportArgs, now: DateTime<Utc>) -> Result<Window, Failure> {
    let from = args.since.at(now);
    let until = args.until.map_or(now, |until| until.at(now));
    if from >= until {
        let message = format!(
            "the period ends before it begins: {} to {}",
            from.format("%F %R"),
            until.format("%F %R UTC")
        );
        return Err(Failure::input(message).hint("give --since a time in the past, before --until"));
    }
    Ok(Window { from, until })
}

/// Writes what the target reports now into the ledger.
async fn sync_ledger(
    target: &Target<'_>,
    ledger: &mut Ledger,
    now: DateTime<Utc>,
) -> Result<Scope, Unsynced> {
    let scope = Scope {
        place: target.place.clone(),
        account: payer(&*target.cloud).await?,
    };
    let unread = sync(&*target.cloud, ledger, &scope, now).await?;
    warn_of(&unread, target.session);
    Ok(scope)
}

/// Records of the ledger, and the time that they describe.
struct CostData {
    scope: Scope,
    records: Vec<Record>,
    as_of: DateTime<Utc>,
}

impl CostData {
    fn now(
        ledger: &Ledger,
        scope: Scope,
        window: Window,
        as_of: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let records = ledger.records(&scope, window)?;
        Ok(Self {
            scope,
            records,
            as_of,
        })
    }

    /// Returns the records as of the last sync with the target; `None` if there was none.
    fn last(ledger: &Ledger, target: &Target<'_>, window: Window) -> Result<Option<Self>, Failure> {
        let scope = Scope {
            place: target.place.clone(),
            account: None,
        };
        let records = ledger.records(&scope, window)?;
        let seen = records.iter().map(|record| record.seen_at).max();
        let Some(as_of) = ledger.synced_at(&scope)?.max(seen) else {
            return Ok(None);
        };
        let records = records.into_iter().map(Record::until_last_seen).collect();
        Ok(Some(Self {
            scope,
            records,
            as_of,
        }))
    }
}

fn warn_of_stale_data(failure: &Failure, as_of: DateTime<Utc>, session: &Session) {
    let reporter = &session.reporter;
    reporter.say(&format!(
        "warning: the target cannot be read; these figures are from the ledger, as of {}",
        as_of.format("%F %T UTC")
    ));
    reporter.say(&format!("  because: {}", failure.message));
    reporter.hints(&failure.hints, 2);
}

/// What clusters have cost.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct ReportDocument {
    /// The place.
    target: Place,
    /// The account of AWS.
    account: Option<String>,
    /// Whether they ran on this machine: the amounts are what EMR would have cost.
    would_have_cost: bool,
    /// When the costs were recorded.
    as_of: DateTime<Utc>,
    /// Whether AWS could not be asked, so that they are those of the last time.
    stale: bool,
    /// The costs.
    report: Report,
    /// The file of `--html`.
    html: Option<String>,
}
