//! A month that is spent while a cluster of its team runs, under a budget that ends what runs then:
//! seen twice, and warned of in between.

use super::Admission;
use crate::cli::failure::Failure;
use crate::cli::policy_reloader::PolicyReloader;
use crate::model::observed::{End, EndReason};
use crate::model::policy::WhenSpent;
use crate::policy::{Policies, TeamBudget};
use std::future::pending;
use std::time::Duration;

/// Looks at a cluster's state between two looks at its team's month.
const LOOKS: u32 = 10;

/// Waits until a month is spent that ends what runs, and still is after its warning. A look that
/// fails is no evidence of anything; policies are read anew for each.
pub(super) async fn until(admission: &Admission<'_>) -> End {
    if admission.app.budgets(&admission.read.policies).is_empty() {
        return pending().await;
    }
    let mut kept = PolicyReloader::new(admission.read.clone());
    loop {
        tokio::time::sleep(admission.target.cloud.pause(0) * LOOKS).await;
        renew(admission, &mut kept).await;
        let Ok(Some(spent)) = overspent(admission, kept.policies()).await else {
            continue;
        };
        let (policy, budget) = spent.as_budget();
        let grace = policy.watchdog.warn_before;
        let screen = admission.services.screen;
        screen.say(&format!(
            "warning: the month of the team is spent, and policy {} ends what runs in {grace}",
            policy.name
        ));
        screen.say(&format!(
            "  help: have the budget raised ({}), or let it end",
            policy.place(budget.line)
        ));
        tokio::time::sleep(Duration::from_secs(grace.as_secs())).await;
        renew(admission, &mut kept).await;
        if let Ok(Some(spent)) = overspent(admission, kept.policies()).await {
            return end(&spent);
        }
    }
}

async fn renew(admission: &Admission<'_>, kept: &mut PolicyReloader) {
    if let Some(failure) = kept.renew(admission.read_again().await) {
        admission.services.screen.failure_of_many(&failure);
    }
}

/// The budget whose month is spent, where it ends what runs then.
async fn overspent(
    admission: &Admission<'_>,
    policies: &Policies,
) -> Result<Option<TeamBudget>, Failure> {
    let mut budgets = admission.app.budgets(policies);
    budgets.retain(|it| it.as_budget().1.value.when_spent == WhenSpent::Terminate);
    let months = admission.app.reservations.settled(&budgets).await?;
    let spent = |it: &TeamBudget| {
        let (policy, _) = it.as_budget();
        let mut of = months
            .iter()
            .filter(|month| month.team == it.team && month.policy == policy.name);
        of.any(|month| month.figures.spent >= month.figures.budget)
    };
    Ok(budgets.into_iter().find(spent))
}

fn end(spent: &TeamBudget) -> End {
    let (policy, budget) = spent.as_budget();
    End {
        reason: EndReason::TeamBudget,
        message: format!(
            "the team has spent the {} of its month (policy {})",
            budget.value.monthly, policy.name
        )
        .into(),
    }
}
