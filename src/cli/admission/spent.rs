//! A month that is spent while a cluster of its team runs, under a policy that ends what runs then:
//! seen twice, and warned of in between.

use super::purse::Purse;
use crate::cli::failure::Failure;
use crate::model::clock::Clock;
use crate::model::month::Month;
use crate::model::observed::{End, EndReason};
use crate::model::policy::{MonthlyBudget, Policy, WhenSpent};
use crate::run::clock::SystemClock;
use std::time::Duration;

/// Looks at a cluster's state between two looks at its team's month.
const LOOKS: u32 = 10;

impl Purse<'_> {
    /// Waits until a month is spent that ends what runs, and still is after its warning. A look that
    /// fails is no evidence of anything.
    pub(super) async fn until_spent(&self) -> End {
        loop {
            tokio::time::sleep(self.target().cloud.pause(0) * LOOKS).await;
            let Ok(Some((policy, _))) = self.overspent().await else {
                continue;
            };
            let grace = policy.warn_before;
            self.say(&format!(
                "warning: the month of the team is spent, and policy {} ends what runs in {grace}",
                policy.name
            ));
            self.say(&format!(
                "  next: have the budget raised ({}), or let it end",
                policy.place(policy.budget.as_ref().map_or(1, |budget| budget.line))
            ));
            tokio::time::sleep(Duration::from_secs(grace.as_secs())).await;
            if let Ok(Some((policy, budget))) = self.overspent().await {
                return end(policy, budget);
            }
        }
    }

    /// The policy whose month is spent, where it ends what runs then.
    async fn overspent(&self) -> Result<Option<(&Policy, &MonthlyBudget)>, Failure> {
        let Some(book) = self.settled_book().await? else {
            return Ok(None);
        };
        let now = SystemClock.now();
        let spent = |(policy, budget): &(&Policy, &MonthlyBudget)| {
            let month = Month::of(now, budget.timezone);
            let figures = book.figures(&policy.name, month, budget, None, now);
            budget.when_spent == WhenSpent::Terminate && figures.spent >= figures.budget
        };
        let budgets = self.budgets().into_iter();
        let mut budgets = budgets.map(|(policy, said)| (policy, &said.value));
        Ok(budgets.find(spent))
    }
}

fn end(policy: &Policy, budget: &MonthlyBudget) -> End {
    End {
        reason: EndReason::TeamBudget,
        message: format!(
            "the team has spent the {} of its month (policy {})",
            budget.monthly, policy.name
        ),
    }
}
