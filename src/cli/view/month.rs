//! Teams' monthly budgets: figures in a line, and as bars.

use super::figures::cents;
use super::width;
use super::words::wrap;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, TeamName};
use crate::model::percent::Percent;
use crate::model::policy::{MonthlyBudget, WhenSpent};
use crate::policy::team_account::{self, Figures, Reservation};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use std::fmt::Write;

/// One team's month under one policy.
pub(in crate::cli) struct Month<'a> {
    pub(in crate::cli) team: &'a TeamName,
    pub(in crate::cli) policy: &'a PolicyName,
    pub(in crate::cli) budget: &'a MonthlyBudget,
    pub(in crate::cli) figures: Figures,
    pub(in crate::cli) reservations: &'a [&'a Reservation],
    pub(in crate::cli) now: DateTime<Utc>,
}

/// The longest bar, in characters.
const MAX_BAR: usize = 50;

/// The line on a team's month in the result of admission.
pub(in crate::cli) fn line(team: &str, policy: &PolicyName, figures: &Figures) -> String {
    let [spent, reserved, asked] = [figures.spent, figures.reserved, figures.asked].map(cents);
    let after = figures.left() - figures.asked;
    let rest = if after < Usd::ZERO {
        format!("{} over", cents(Usd::ZERO - after))
    } else {
        format!("{} left after it", after.down_to(2))
    };
    format!(
        "team {team} in {}: {spent} spent, {reserved} reserved, {asked} requested of the {} of \
         policy {policy}: {rest}",
        figures.month, figures.budget
    )
}

/// The warning that a team has reached a share of its budget.
pub(in crate::cli) fn reached(team: &TeamName, policy: &PolicyName, share: Percent) -> String {
    let part = if share == Percent::WHOLE {
        "all".to_owned()
    } else {
        share.to_string()
    };
    format!("warning: team {team} has spent {part} of its month's budget (policy {policy})")
}

impl Month<'_> {
    pub(in crate::cli) fn render(&self) -> String {
        let figures = &self.figures;
        let mut text = format!(
            "team {} in {}, policy {} ({})\n",
            self.team, figures.month, self.policy, self.budget.timezone
        );
        let _ = writeln!(text, "  [{}] of {}", self.bar(), figures.budget);
        let rows = [
            ("spent #", figures.spent),
            ("reserved +", figures.reserved),
            ("left .", figures.left().down_to(2)),
        ];
        for (name, usd) in rows {
            let _ = writeln!(text, "  {name:<12}{:>10}", cents(usd).to_string());
        }
        for line in self.lines() {
            let _ = writeln!(text, "  {}", wrap(&line, 4));
        }
        for reservation in self.reservations {
            let _ = writeln!(text, "  - {}", wrap(&self.reservation(reservation), 4));
        }
        text
    }

    pub(in crate::cli) fn document(&self) -> MonthDocument {
        let figures = &self.figures;
        let window = team_account::window(self.figures.month, self.budget);
        MonthDocument {
            team: self.team.clone(),
            policy: self.policy.clone(),
            figures: *figures,
            left: figures.left(),
            exhausted_at: figures.exhausted_at(window, self.now),
            when_spent: self.budget.when_spent,
            reservations: self.reservations.iter().copied().cloned().collect(),
        }
    }

    fn lines(&self) -> Vec<String> {
        let figures = &self.figures;
        let mut lines = Vec::new();
        if let Some(aws) = figures.aws {
            let comparison = if figures.spent > figures.counted {
                "which is over 10% more and is therefore used"
            } else {
                "which is at most 10% more"
            };
            lines.push(format!(
                "counted here: {}; by AWS: {}, {comparison}",
                cents(figures.counted),
                cents(aws)
            ));
        }
        let window = team_account::window(figures.month, self.budget);
        let lasts = match figures.exhausted_at(window, self.now) {
            None if figures.left() <= Usd::ZERO => "nothing is left".to_owned(),
            None => "at this rate it lasts the month".to_owned(),
            Some(at) => format!(
                "at this rate it is spent on {}",
                self.budget.timezone.date(at).format("%F")
            ),
        };
        lines.push(lasts);
        if figures.spent >= figures.budget {
            let then = match self.budget.when_spent {
                WhenSpent::Block => "the budget is spent: no new clusters are admitted",
                WhenSpent::Terminate => "the budget is spent: no new clusters, running ones end",
                WhenSpent::Notify => "the budget is spent: people are notified, nothing is stopped",
            };
            lines.push(then.to_owned());
        }
        lines
    }

    fn reservation(&self, reservation: &Reservation) -> String {
        let window = team_account::window(self.figures.month, self.budget);
        let worst = cents(reservation.ask.worst(window));
        let what = match &reservation.cluster {
            Some(id) => format!("cluster {id} of stack {}", reservation.stack),
            None => format!(
                "a cluster of stack {} that is about to be created",
                reservation.stack
            ),
        };
        let by = reservation.ask.ends_by.format("%F %R UTC");
        format!(
            "up to {worst} for {what} in {}, applied by {}, ends by {by}",
            reservation.place, reservation.by
        )
    }

    /// The bar of spent, reserved and left; a share that is not zero has at least one character.
    fn bar(&self) -> String {
        let figures = &self.figures;
        let width = MAX_BAR.min(width::columns().saturating_sub(24));
        let share = |usd: Usd| {
            let whole = figures.budget.amount();
            let part = (usd.amount() * Decimal::from(width) / whole).ceil();
            part.to_usize().unwrap_or(0).min(width)
        };
        let spent = share(figures.spent);
        let both = share(figures.spent + figures.reserved).max(spent);
        let of = |sign: &str, count: usize| sign.repeat(count);
        of("#", spent) + &of("+", both - spent) + &of(".", width - both)
    }
}

/// One budget in one month.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct MonthDocument {
    /// The team.
    team: TeamName,
    /// The policy that sets the budget.
    policy: PolicyName,
    /// What is spent and reserved.
    figures: Figures,
    /// What is left.
    left: Usd,
    /// When it is used up if spending goes on like this.
    exhausted_at: Option<DateTime<Utc>>,
    /// What happens then.
    when_spent: WhenSpent,
    /// The money that is set aside for clusters.
    reservations: Vec<Reservation>,
}
