//! A month that is spent while a cluster of its team runs, under a policy that ends what runs then:
//! seen twice, and warned of in between.

use super::purse::Purse;
use crate::cli::failure::Failure;
use crate::cli::kept::Kept;
use crate::model::clock::Clock;
use crate::model::month::Month;
use crate::model::observed::{End, EndReason};
use crate::model::policy::{MonthlyBudget, Policy, WhenSpent};
use crate::policy::Policies;
use crate::run::clock::SystemClock;
use std::future::pending;
use std::time::Duration;

/// Looks at a cluster's state between two looks at its team's month.
const LOOKS: u32 = 10;

impl Purse<'_> {
    /// Waits until a month is spent that ends what runs, and still is after its warning. A look that
    /// fails is no evidence of anything; policies are read anew for each.
    pub(super) async fn until_spent(&self) -> End {
        if !self.keeps_account() {
            return pending().await;
        }
        let mut kept = Kept::new(self.read.clone());
        loop {
            tokio::time::sleep(self.target().cloud.pause(0) * LOOKS).await;
            self.renew(&mut kept).await;
            let Ok(Some((policy, _))) = self.overspent(kept.policies()).await else {
                continue;
            };
            let grace = policy.watchdog.warn_before;
            self.say(&format!(
                "warning: the month of the team is spent, and policy {} ends what runs in {grace}",
                policy.name
            ));
            self.say(&format!(
                "  next: have the budget raised ({}), or let it end",
                policy.place(policy.budget.as_ref().map_or(1, |budget| budget.line))
            ));
            tokio::time::sleep(Duration::from_secs(grace.as_secs())).await;
            self.renew(&mut kept).await;
            if let Ok(Some((policy, budget))) = self.overspent(kept.policies()).await {
                return end(policy, budget);
            }
        }
    }

    async fn renew(&self, kept: &mut Kept) {
        if let Some(failure) = kept.renew(self.read_again().await) {
            self.say_failure(&failure);
        }
    }

    /// The policy whose month is spent, where it ends what runs then.
    async fn overspent<'b>(
        &self,
        policies: &'b Policies,
    ) -> Result<Option<(&'b Policy, &'b MonthlyBudget)>, Failure> {
        let budgets = self.budgets_of(policies);
        let Some(book) = self.settled_book(&budgets).await? else {
            return Ok(None);
        };
        let now = SystemClock.now();
        let spent = |(policy, budget): &(&Policy, &MonthlyBudget)| {
            let month = Month::of(now, budget.timezone);
            let figures = book.figures(&policy.name, month, budget, None, now);
            budget.when_spent == WhenSpent::Terminate && figures.spent >= figures.budget
        };
        let mut budgets = budgets
            .into_iter()
            .map(|(policy, said)| (policy, &said.value));
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
