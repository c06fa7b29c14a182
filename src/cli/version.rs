//! `version`: the version, its commit, and how old the prices are.

use super::verb::{Finished, Verb};
use super::view::words::count;
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cost::catalog::Catalog;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::run::clock::SystemClock;
use chrono::NaiveDate;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct VersionArgs {}

/// The number of a release.
const NUMBER: &str = env!("CARGO_PKG_VERSION");

/// The commit, its day, and `changed` if what was compiled differs from it; empty if it is unknown.
const COMMIT: &str = env!("CLUSTERUP_COMMIT");

/// The age in days from which on prices should be refreshed.
const OLD: i64 = 90;

/// A price list and its age.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PriceList {
    /// The region of a refreshed list; `None` for the built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    as_of: NaiveDate,
    age_days: i64,
}

impl PriceList {
    fn of(region: Option<String>, catalog: &Catalog, today: NaiveDate) -> Option<Self> {
        let as_of = catalog.as_of()?;
        let age_days = (today - as_of).num_days().max(0);
        Some(Self {
            region,
            as_of,
            age_days,
        })
    }

    fn text(&self) -> String {
        let Self { as_of, .. } = self;
        let name = self.region.as_deref().unwrap_or("built-in");
        let age = count(self.age_days.unsigned_abs(), "day");
        format!("  {name:<15} as of {as_of}, {age} old")
    }
}

impl Verb for VersionArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let today = SystemClock.now().date_naive();
        let mut commit = COMMIT.split_whitespace();
        let (hash, day) = (commit.next(), commit.next());
        let changed = commit.next().is_some();
        reporter.text(&format!("clusterup {}", env!("CLUSTERUP_VERSION")));
        let built_in = PriceList::of(None, Catalog::bundled(), today);
        let (catalogs, _) = session.environment.price_cache()?.read();
        let refreshed = catalogs.iter().filter_map(|(region, catalog)| {
            PriceList::of(Some(region.to_string()), catalog, today)
        });
        let refreshed: Vec<PriceList> = refreshed.collect();
        reporter.text("prices");
        for list in built_in.iter().chain(&refreshed) {
            reporter.text(&list.text());
        }
        let newest = built_in.iter().chain(&refreshed).map(|list| list.age_days);
        if newest.min().is_none_or(|age| age > OLD) {
            let refresh = Command::clusterup("prices refresh");
            reporter.text(&reporter.next(&refresh, 2));
        }
        Ok(Finished::done(VersionDocument {
            version: NUMBER.to_owned(),
            commit: hash.map(str::to_owned),
            commit_date: day.map(str::to_owned),
            changed,
            prices: PriceLists {
                built_in,
                refreshed,
            },
        }))
    }
}

/// This program.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct VersionDocument {
    /// The number of the release.
    version: String,
    /// The commit; null if it is not known.
    commit: Option<String>,
    /// The day of the commit.
    commit_date: Option<String>,
    /// Whether what was compiled differs from the commit.
    changed: bool,
    /// The price lists and their ages.
    prices: PriceLists,
}

/// The price lists.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PriceLists {
    /// The one that the program has.
    built_in: Option<PriceList>,
    /// Those that were downloaded.
    refreshed: Vec<PriceList>,
}
