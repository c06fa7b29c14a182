//! A team's month as a curve: dollars spent by each instant, and the projected total.

use super::team_account::{TeamAccount, window};
use crate::cost::ledger::{self, Window};
use crate::model::fleet_status::Curve;
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::PolicyName;
use crate::model::policy::MonthlyBudget;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

/// The maximum number of points on a month's curve.
const POINTS: i32 = 62;

impl TeamAccount {
    /// The curve of the month of `now` under one budget of the team. The points are our own
    /// figures, because AWS Budgets reports no history; the total is AWS's figure if that is
    /// higher.
    pub fn curve(&self, policy: &PolicyName, budget: &MonthlyBudget, now: DateTime<Utc>) -> Curve {
        let month = Month::of(now, budget.timezone);
        let whole = window(month, budget);
        let figures = self.figures(policy, month, budget, None, now);
        let step = ((whole.until - whole.from) / POINTS).max(TimeDelta::seconds(1));
        let mut points = Vec::new();
        let mut at = whole.from;
        while at < now {
            points.push((at, self.spent_by(whole.from, at, now)));
            at += step;
        }
        points.push((now, figures.spent));
        Curve {
            team: self.team.clone(),
            policy: policy.clone(),
            from: whole.from,
            until: whole.until,
            limit: budget.monthly,
            spent: figures.spent,
            reserved: figures.reserved,
            points,
            projected: projected(figures.spent, whole, now),
        }
    }

    fn spent_by(&self, from: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc>) -> Usd {
        let window = Window { from, until };
        let over = self.settled_records();
        let over: Usd = over
            .filter_map(|record| ledger::spent(record, window, now))
            .sum();
        let living = self.reservations.values();
        over + living
            .map(|reservation| reservation.spent(window, now))
            .sum::<Usd>()
    }
}

/// The month's total if spending goes on at the month's average rate so far.
fn projected(spent: Usd, month: Window, now: DateTime<Utc>) -> Usd {
    let seconds = |delta: TimeDelta| Decimal::from(delta.num_seconds().max(1));
    let share = seconds(month.until - month.from) / seconds(now - month.from);
    spent.times(share).up_to(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projection_extends_the_average_of_the_month() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let month = Window {
            from: at("2026-11-01T00:00:00Z"),
            until: at("2026-12-01T00:00:00Z"),
        };
        let spent: Usd = "$10".parse().unwrap();
        let by = |now: &str| projected(spent, month, at(now)).to_string();
        assert_eq!(by("2026-11-16T00:00:00Z"), "$20.00");
        assert_eq!(by("2026-12-01T00:00:00Z"), "$10.00");
    }
}
