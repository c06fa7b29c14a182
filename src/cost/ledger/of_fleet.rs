//! What the clusters of a fleet have cost lately.

use super::{Record, Spending, Window, spent};
use crate::model::fleet_status::{FleetCost, TeamCost};
use crate::model::money::Usd;
use chrono::{DateTime, TimeDelta, Utc};

const DAY: TimeDelta = TimeDelta::days(1);
/// The longest time that a fleet's cost looks back.
pub const MONTH: TimeDelta = TimeDelta::days(30);

/// The time before an instant.
pub fn last(length: TimeDelta, now: DateTime<Utc>) -> Window {
    Window {
        from: now - length,
        until: now,
    }
}

/// Sums the records of the last 30 days. Clusters without known prices are left out; living ones cost
/// what their rates say since they were last observed.
pub fn of_fleet(records: &[Record], now: DateTime<Utc>) -> FleetCost {
    let sum = |window: Window| -> Usd {
        let spent = records.iter().filter_map(|it| spent(it, window, now));
        spent.sum()
    };
    let spending = Spending::of(records, last(MONTH, now), now);
    let team = |(team, by_day)| TeamCost { team, by_day };
    FleetCost {
        at: now,
        last_day: sum(last(DAY, now)),
        last_month: sum(last(MONTH, now)),
        days: spending.periods,
        teams: spending.teams.into_iter().map(team).collect(),
    }
}
