//! Sums of records by team, stack, owner, day or month.

use super::{Record, SlotTime, Split, Window, split};
use crate::cost::attempts::JobAttempt;
use crate::model::money::Usd;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::observed::EndReason;
use crate::model::policy::Override;
use crate::model::span::Span;
use chrono::{DateTime, Datelike, Days, Months, NaiveTime, Utc};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What the rows of a report are grouped by. Days and months are in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By team.
    Team,
    /// By stack.
    Stack,
    /// By owner.
    Owner,
    /// By day.
    Day,
    /// By month.
    Month,
}

/// What was spent within a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// What the rows are grouped by.
    pub by: By,
    /// The window.
    #[serde(flatten)]
    pub window: Window,
    /// Days and months in order, others by falling cost.
    pub rows: Vec<Row>,
    /// The sum of all rows.
    pub total: Row,
    /// Clusters within the window whose cost is unknown; they are in none of the rows.
    pub unpriced: Vec<Unpriced>,
    /// Clusters for which a policy was overridden.
    pub overridden: Vec<Overridden>,
    /// The attempts at jobs that are retried, oldest first.
    pub attempts: Vec<Attempted>,
}

/// A row of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Row {
    /// A key such as `2026-11` or a team's name; `None` if clusters have no team or owner.
    pub key: Option<String>,
    /// The number of clusters that existed at any time in it.
    pub clusters: usize,
    /// Dollars.
    pub total: Usd,
    /// The dollars by what the clusters did.
    #[serde(flatten)]
    pub split: Split,
    /// How busy Spark's slots were on those of the clusters of which it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<SlotTime>,
}

/// What is summed for a row.
#[derive(Default)]
struct Sum {
    clusters: usize,
    split: Split,
    slots: Option<SlotTime>,
}

impl Sum {
    /// Counts a cluster.
    fn count(&mut self, record: &Record) {
        self.clusters += 1;
        if let Some(slots) = record.slots {
            self.slots = Some(self.slots.unwrap_or_default() + slots);
        }
    }
}

/// A cluster whose cost is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Unpriced {
    /// The cluster.
    pub id: ClusterId,
    /// Its stack.
    pub stack: StackName,
    /// Its team.
    pub team: Option<TeamName>,
}

/// An attempt at a job that is retried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Attempted {
    /// The cluster.
    pub id: ClusterId,
    /// Its stack.
    pub stack: StackName,
    /// The attempt.
    #[serde(flatten)]
    pub attempt: JobAttempt,
}

/// A cluster for which a policy was overridden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Overridden {
    /// The cluster.
    pub id: ClusterId,
    /// Its stack.
    pub stack: StackName,
    /// Its team.
    pub team: Option<TeamName>,
    /// Who overrode the policy, and why.
    #[serde(flatten)]
    pub how: Override,
}

impl Report {
    /// Sums records; each dollar is in exactly one row, and in one part of its split.
    pub fn of(records: &[Record], by: By, window: Window, now: DateTime<Utc>) -> Self {
        let mut sums: BTreeMap<Option<String>, Sum> = BTreeMap::new();
        let mut unpriced = Vec::new();
        let mut overridden = Vec::new();
        let mut attempts = Vec::new();
        let mut all = Sum::default();
        for record in records.iter().filter(|record| record.within(window, now)) {
            overridden.extend(Overridden::of(record));
            attempts.extend(Attempted::all(record));
            if !record.is_priced() {
                unpriced.push(Unpriced::of(record));
                continue;
            }
            all.count(record);
            for (key, piece) in pieces(record, by, window, now) {
                let part = split(record, piece, now).unwrap_or_default();
                let sum = sums.entry(key).or_default();
                sum.count(record);
                sum.split += part;
                all.split += part;
            }
        }
        let rows = sums.into_iter();
        let mut rows: Vec<Row> = rows.map(|(key, sum)| Row::new(key, sum)).collect();
        if matches!(by, By::Team | By::Stack | By::Owner) {
            // The sort is stable: rows of equal cost stay in the order of their names.
            rows.sort_by_key(|row| Reverse(row.total));
        }
        unpriced.sort_by(|a, b| a.id.cmp(&b.id));
        overridden.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            by,
            window,
            rows,
            total: Row::new(None, all),
            unpriced,
            overridden,
            attempts,
        }
    }
}

impl Row {
    fn new(key: Option<String>, sum: Sum) -> Self {
        Self {
            key,
            clusters: sum.clusters,
            total: sum.split.total(),
            split: sum.split.plain(),
            slots: sum.slots,
        }
    }
}

impl Attempted {
    /// The attempts on the cluster of a record, oldest first.
    pub fn all(record: &Record) -> impl Iterator<Item = Self> {
        let mut attempts: Vec<&JobAttempt> = record.attempts.values().collect();
        attempts.sort_by_key(|attempt| attempt.run);
        attempts.into_iter().map(|attempt| Self {
            id: record.id.clone(),
            stack: record.stack.clone(),
            attempt: attempt.clone(),
        })
    }
}

impl Overridden {
    fn of(record: &Record) -> Option<Self> {
        let how = record.overridden.clone()?;
        Some(Self {
            id: record.id.clone(),
            stack: record.stack.clone(),
            team: record.team.clone(),
            how,
        })
    }
}

impl Unpriced {
    fn of(record: &Record) -> Self {
        Self {
            id: record.id.clone(),
            stack: record.stack.clone(),
            team: record.team.clone(),
        }
    }
}

/// The rows that a record belongs to, each with the part of the window for it.
pub(super) fn pieces(
    record: &Record,
    by: By,
    window: Window,
    now: DateTime<Utc>,
) -> Vec<(Option<String>, Window)> {
    let whole = |key: Option<String>| vec![(key, window)];
    match by {
        By::Team => whole(record.team.as_ref().map(ToString::to_string)),
        By::Stack => whole(Some(record.stack.to_string())),
        By::Owner => whole(record.owner.clone()),
        By::Day | By::Month => periods(by, record, window, now),
    }
}

/// The days or months, in UTC, in which a cluster existed.
fn periods(
    by: By,
    record: &Record,
    window: Window,
    now: DateTime<Utc>,
) -> Vec<(Option<String>, Window)> {
    let there = record.span(now);
    let last = there.until.min(window.until);
    let mut from = there.from.max(window.from);
    let mut found = Vec::new();
    while found.is_empty() || from < last {
        let until = next(by, from).min(window.until);
        let format = if by == By::Day { "%F" } else { "%Y-%m" };
        let key = Some(from.format(format).to_string());
        found.push((key, Window { from, until }));
        if until <= from {
            break;
        }
        from = until;
    }
    found
}

/// When the day or month of an instant is over.
pub(super) fn next(by: By, at: DateTime<Utc>) -> DateTime<Utc> {
    let day = at.date_naive();
    let next = match by {
        By::Month => {
            let first = day.with_day(1).unwrap_or(day);
            first.checked_add_months(Months::new(1))
        }
        By::Day | By::Team | By::Stack | By::Owner => day.checked_add_days(Days::new(1)),
    };
    let midnight = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    next.map_or(DateTime::<Utc>::MAX_UTC, midnight)
}

/// The maximum number of runs that an expectation uses.
const MAX_RUNS: usize = 10;

/// How long a run of a stack takes, with its cluster's start and end: the median of its latest
/// clusters that completed their work; `None` if there are none.
pub fn expected(records: &[Record], stack: &StackName) -> Option<Span> {
    let done = |record: &&Record| {
        let end = record.end.as_ref().map(|end| end.reason);
        record.stack == *stack && end == Some(EndReason::StepsCompleted)
    };
    let runs = records.iter().filter(done);
    let mut runs: Vec<_> = runs
        .filter_map(|record| Some((record.created_at, record.ended_at?)))
        .collect();
    runs.sort_unstable();
    let last = runs.iter().rev().take(MAX_RUNS);
    let mut lengths: Vec<u64> = last
        .map(|(from, until)| Span::from_delta(*until - *from).as_secs())
        .collect();
    median(&mut lengths).map(Span::from_secs)
}

/// The median of numbers; `None` of none.
pub(super) fn median(numbers: &mut [u64]) -> Option<u64> {
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    let upper = *numbers.get(middle)?;
    Some(match numbers.len() % 2 {
        0 => numbers[middle - 1].midpoint(upper),
        _ => upper,
    })
}
