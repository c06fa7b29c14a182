//! How clusters of stacks arrive, as flags say it.

mod rates;

use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cli::view::figures::missing_price;
use crate::cloud::account::ENDING;
use crate::cost::estimate::Estimate;
use crate::model::desired::InstanceGroups;
use crate::model::name::{Region, StackName};
use crate::model::percent::Percent;
use crate::model::place::Place;
use crate::model::span::Span;
use crate::model::stack::Stack;
use crate::simulate::{Arriving, History, Pattern, arrive};
use chrono::{DateTime, Datelike, Months, NaiveTime, Utc};
use clap::builder::RangedU64ValueParser;
use rates::Arrivals;
use std::collections::BTreeMap;
use std::str::FromStr;

#[derive(Debug, clap::Args)]
pub(super) struct ArrivalArgs {
    /// How many clusters of each stack are created in a day, or with STACK= of one; can be repeated
    #[arg(long, value_name = "[STACK=]N", requires = "stacks")]
    arrivals: Vec<Arrivals>,
    /// The shortest and the longest job
    #[arg(
        long,
        value_name = "SPAN-SPAN",
        default_value = "10m-2h",
        requires = "stacks"
    )]
    jobs: SpanRange,
    /// How many clusters are forgotten when their job is done [default: none]
    #[arg(long, value_name = "SHARE", requires = "stacks")]
    forgotten: Option<Percent>,
    /// After how long somebody notices and ends a forgotten cluster that nothing else ends
    #[arg(long, value_name = "SPAN", default_value = "3d", requires = "stacks")]
    found_after: Span,
    /// How many months are played, up to the beginning of the current one
    #[arg(long, value_name = "N", default_value_t = 1, requires = "stacks")]
    #[arg(value_parser = RangedU64ValueParser::<u32>::new().range(1..=12))]
    months: u32,
    /// Chooses the random times; the same seed gives the same clusters
    #[arg(long, value_name = "N", default_value_t = 1, requires = "stacks")]
    seed: u64,
}

impl ArrivalArgs {
    /// The history of the stacks' clusters, which are in one region.
    pub(super) fn history(
        &self,
        stacks: &BTreeMap<StackName, Stack>,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Result<History, Failure> {
        let catalog = session.environment.catalog();
        let per_day = rates::of(&self.arrivals, stacks)?;
        let mut arriving = Vec::new();
        let mut region: Option<Region> = None;
        for (stack, per_day) in stacks.values().zip(per_day) {
            let groups = InstanceGroups::of(&stack.cluster);
            let estimate = Estimate::of(&catalog, &stack.region, &groups);
            let estimate = estimate.map_err(|missing| missing_price(&missing))?;
            arriving.push(Arriving {
                stack,
                rates: estimate.rates(),
                ending: ENDING,
                per_day,
            });
            region = Some(stack.region.clone());
        }
        let pattern = Pattern {
            job: (self.jobs.from, self.jobs.to),
            forgotten: self.forgotten,
            found_after: self.found_after,
        };
        let place = region.map_or(Place::Local, Place::Region);
        let within = months(self.months, now);
        let history = arrive(&arriving, &pattern, place, within, self.seed);
        let flawed = |flaw| {
            Failure::input(format!("cannot play these arrivals: {flaw}"))
                .hint("smaller numbers at --arrivals, or fewer --months, make fewer clusters")
        };
        let history = history.map_err(flawed)?;
        history.check().map_err(flawed)?;
        Ok(history)
    }
}

/// The last whole months.
fn months(count: u32, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = now.date_naive().with_day(1).unwrap_or(now.date_naive());
    let before = first.checked_sub_months(Months::new(count));
    let begins = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    (begins(before.unwrap_or(first)), begins(first))
}

/// Two lengths of time, such as `10m-2h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanRange {
    from: Span,
    to: Span,
}

impl FromStr for SpanRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected two lengths of time, the shorter first, such as `10m-2h`";
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let range = Self {
            from: from.trim().parse().map_err(|_| wrong())?,
            to: to.trim().parse().map_err(|_| wrong())?,
        };
        let longest = Span::from_secs(366 * 86_400);
        if range.from > range.to || range.to > longest {
            return Err(wrong().to_owned());
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_shorter_length_first() {
        let range: SpanRange = "10m-2h".parse().unwrap();
        assert_eq!((range.from.as_secs(), range.to.as_secs()), (600, 7_200));
        for bad in ["", "10m", "2h-10m", "-", "1h-", "x-y", "1h-9999d"] {
            assert!(bad.parse::<SpanRange>().is_err(), "{bad}");
        }
    }

    #[test]
    fn whole_months_end_with_the_last() {
        let now = "2026-03-17T12:00:00Z".parse().unwrap();
        let (from, until) = months(2, now);
        assert_eq!(from.to_rfc3339(), "2026-01-01T00:00:00+00:00");
        assert_eq!(until.to_rfc3339(), "2026-03-01T00:00:00+00:00");
    }
}
