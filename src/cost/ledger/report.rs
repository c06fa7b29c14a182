//! Records summed up: a row for each team, stack, owner, day or month.

use super::{Record, Split, Window, split};
use crate::model::money::Usd;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::observed::EndReason;
use crate::model::policy::Override;
use crate::model::span::Span;
use chrono::{DateTime, Datelike, Days, Months, NaiveTime, Utc};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What a row of a report stands for. Days and months are UTC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Team,
    Stack,
    Owner,
    Day,
    Month,
}

/// What was spent within a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub by: By,
    #[serde(flatten)]
    pub window: Window,
    /// Days and months in their order, others the dearest first.
    pub rows: Vec<Row>,
    pub total: Row,
    /// Clusters within the window whose dollars nobody can tell; in none of the rows.
    pub unpriced: Vec<Unpriced>,
    /// Those that a policy would not have had.
    pub overridden: Vec<Overridden>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Such as `2026-11` or a team's name; none where a cluster has no team or owner.
    pub key: Option<String>,
    /// Those that were there at any time.
    pub clusters: usize,
    pub total: Usd,
    #[serde(flatten)]
    pub split: Split,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unpriced {
    pub id: ClusterId,
    pub stack: StackName,
    pub team: Option<TeamName>,
}

/// A cluster that somebody made in spite of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overridden {
    pub id: ClusterId,
    pub stack: StackName,
    pub team: Option<TeamName>,
    #[serde(flatten)]
    pub how: Override,
}

impl Report {
    /// Each dollar is in one row, and in one part of it.
    pub fn of(records: &[Record], by: By, window: Window, now: DateTime<Utc>) -> Self {
        let mut sums: BTreeMap<Option<String>, (usize, Split)> = BTreeMap::new();
        let mut unpriced = Vec::new();
        let mut overridden = Vec::new();
        let mut all = (0, Split::default());
        for record in records.iter().filter(|record| record.within(window, now)) {
            overridden.extend(Overridden::of(record));
            if !record.is_priced() {
                unpriced.push(Unpriced::of(record));
                continue;
            }
            all.0 += 1;
            for (key, piece) in pieces(record, by, window, now) {
                let part = split(record, piece, now).unwrap_or_default();
                let sum = sums.entry(key).or_default();
                sum.0 += 1;
                sum.1 += part;
                all.1 += part;
            }
        }
        let rows = sums.into_iter();
        let mut rows: Vec<Row> = rows.map(|(key, sum)| Row::new(key, sum)).collect();
        if matches!(by, By::Team | By::Stack | By::Owner) {
            // Stable: those that cost the same stay in the order of their names.
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
        }
    }
}

impl Row {
    fn new(key: Option<String>, (clusters, split): (usize, Split)) -> Self {
        let total = split.total();
        Self {
            key,
            clusters,
            total,
            split: split.plain(),
        }
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

/// The rows that a record is in, each with the part of the window that belongs there.
fn pieces(
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

/// The days or months, by UTC, that a cluster was there in.
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
fn next(by: By, at: DateTime<Utc>) -> DateTime<Utc> {
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

/// Runs that an expectation rests on, at most.
const RUNS: usize = 10;

/// How long a run of a stack takes, its cluster's start and end included: the median of the last of
/// its clusters that ended with their work done; none where there is none.
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
    let last = runs.iter().rev().take(RUNS);
    let mut lengths: Vec<u64> = last
        .map(|(from, until)| Span::from_delta(*until - *from).as_secs())
        .collect();
    lengths.sort_unstable();
    let middle = lengths.len() / 2;
    let upper = *lengths.get(middle)?;
    let median = match lengths.len() % 2 {
        0 => lengths[middle - 1].midpoint(upper),
        _ => upper,
    };
    Some(Span::from_secs(median))
}
