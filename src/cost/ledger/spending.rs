//! What was spent in each day or month by each team, and which clusters cost most.

use super::report::{By, next, pieces};
use super::{Record, Split, Window, spent, split};
use crate::model::money::Usd;
use crate::model::name::{ClusterId, StackName, TeamName};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Longer windows are divided into months instead of days.
const MAX_DAYS: i64 = 92;

/// What was spent in each period of a window, by team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// Whether the periods are days or months.
    pub by: By,
    /// Every day (`2026-11-21`) or month (`2026-11`) of the window, in UTC, in order.
    pub periods: Vec<String>,
    /// Dollars in each period by team, sorted by name; `None` is for clusters without a team.
    pub teams: Vec<(Option<String>, Vec<Usd>)>,
}

impl Spending {
    /// Sums records. Clusters without known prices are left out.
    pub fn of(records: &[Record], window: Window, now: DateTime<Utc>) -> Self {
        let days = window.until - window.from;
        let by = if days > TimeDelta::days(MAX_DAYS) {
            By::Month
        } else {
            By::Day
        };
        let periods = periods(by, window);
        let mut teams: BTreeMap<Option<String>, Vec<Usd>> = BTreeMap::new();
        let there = records.iter().filter(|record| record.within(window, now));
        for record in there.filter(|record| record.is_priced()) {
            let team = record.team.as_ref().map(ToString::to_string);
            let amounts = teams
                .entry(team)
                .or_insert_with(|| vec![Usd::ZERO; periods.len()]);
            for (key, piece) in pieces(record, by, window, now) {
                let place = key.and_then(|key| periods.binary_search(&key).ok());
                let amount = place.and_then(|place| amounts.get_mut(place));
                if let (Some(amount), Some(usd)) = (amount, spent(record, piece, now)) {
                    *amount = *amount + usd;
                }
            }
        }
        Self {
            by,
            periods,
            teams: teams.into_iter().collect(),
        }
    }

    /// Dollars in each period, of all teams.
    pub fn sums(&self) -> Vec<Usd> {
        let of = |n: usize| {
            let amounts = self.teams.iter();
            amounts.filter_map(move |(_, amounts)| amounts.get(n).copied())
        };
        (0..self.periods.len()).map(|n| of(n).sum()).collect()
    }
}

/// The names of all days or months of a window.
fn periods(by: By, window: Window) -> Vec<String> {
    let format = if by == By::Day { "%F" } else { "%Y-%m" };
    let mut periods = Vec::new();
    let mut from = window.from;
    while from < window.until {
        periods.push(from.format(format).to_string());
        let until = next(by, from);
        if until <= from {
            break;
        }
        from = until;
    }
    periods
}

/// What one cluster cost within a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterCost {
    /// The cluster.
    pub id: ClusterId,
    /// Its stack.
    pub stack: StackName,
    /// Its team.
    pub team: Option<TeamName>,
    /// Its owner, as it was recorded.
    pub owner: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ended; `None` if it lives.
    pub ended_at: Option<DateTime<Utc>>,
    /// Dollars.
    pub total: Usd,
    /// The dollars by what it did.
    pub split: Split,
}

impl ClusterCost {
    /// The clusters that cost most within a window, the most expensive first.
    pub fn dearest(
        records: &[Record],
        window: Window,
        now: DateTime<Utc>,
        count: usize,
    ) -> Vec<Self> {
        let there = records.iter().filter(|record| record.within(window, now));
        let cost = there.filter_map(|record| {
            let split = split(record, window, now)?;
            Some(Self {
                id: record.id.clone(),
                stack: record.stack.clone(),
                team: record.team.clone(),
                owner: record.owner.clone(),
                created_at: record.created_at,
                ended_at: record.ended_at.filter(|_| record.state.is_over()),
                total: split.total(),
                split,
            })
        });
        let mut costs: Vec<Self> = cost.collect();
        costs.sort_by(|a, b| (Reverse(a.total), &a.id).cmp(&(Reverse(b.total), &b.id)));
        costs.truncate(count);
        costs
    }
}
