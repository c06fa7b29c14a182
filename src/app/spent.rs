//! Ends a running cluster when its team's budget is spent, if the policy says so: only after a
//! warning, and only if a second check finds the same.

use super::failure::Failure;
use super::policy_reloader::PolicyReloader;
use super::stack_admission::StackAdmission;
use crate::model::observed::{End, EndReason};
use crate::model::policy::WhenSpent;
use crate::policy::{Policies, TeamBudget};
use std::future::pending;
use std::time::Duration;

/// How many polls of the cluster pass between two checks of its team's budget.
const POLLS_PER_CHECK: u32 = 10;

/// Waits until a budget that ends running clusters is spent, and is still spent after the warning.
/// A check that fails proves nothing and is repeated. Each check reads the policies again.
pub(crate) async fn until_spent(admission: &StackAdmission<'_>) -> End {
    if admission.app.budgets(&admission.read.policies).is_empty() {
        return pending().await;
    }
    let mut reloader = PolicyReloader::new(admission.read.clone());
    loop {
        tokio::time::sleep(admission.target.cloud.pause(0) * POLLS_PER_CHECK).await;
        reload(admission, &mut reloader).await;
        let Ok(Some(spent)) = overspent(admission, reloader.policies()).await else {
            continue;
        };
        let (policy, budget) = spent.as_budget();
        let grace = policy.watchdog.warn_before;
        let reporter = &admission.target.session.reporter;
        reporter.say(&format!(
            "warning: the team's monthly budget is spent; policy {} ends its clusters in {grace}",
            policy.name
        ));
        reporter.say(&format!(
            "  help: raise the budget ({}), or let the cluster end",
            policy.place(budget.line)
        ));
        tokio::time::sleep(Duration::from_secs(grace.as_secs())).await;
        reload(admission, &mut reloader).await;
        if let Ok(Some(spent)) = overspent(admission, reloader.policies()).await {
            return end(&spent);
        }
    }
}

async fn reload(admission: &StackAdmission<'_>, reloader: &mut PolicyReloader) {
    if let Some(failure) = reloader.renew(admission.read_again().await) {
        admission.target.session.reporter.failure_of_many(&failure);
    }
}

/// Returns a budget that is spent and ends running clusters, if there is one.
async fn overspent(
    admission: &StackAdmission<'_>,
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
            "the team has spent its monthly budget of {} (policy {})",
            budget.value.monthly, policy.name
        )
        .into(),
    }
}
