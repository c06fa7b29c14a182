//! A team's budget as a reason against a stack.

use super::finding::{BUDGET, Finding, UNPRICED};
use super::team_account::Figures;
use crate::model::money::Usd;
use crate::model::name::TeamName;
use crate::model::policy::{Effect, Located, MonthlyBudget, Policy, WhenSpent};

/// The finding if a month's budget cannot cover what is requested; `None` if it can.
pub fn overspent(
    policy: &Policy,
    budget: &Located<MonthlyBudget>,
    team: &TeamName,
    figures: &Figures,
) -> Option<Finding> {
    // A request for nothing always fits.
    if figures.fits() || figures.asked <= Usd::ZERO {
        return None;
    }
    let cents = |usd: Usd| usd.up_to(2);
    let Figures { month, .. } = figures;
    let [spent, reserved, asked] = [figures.spent, figures.reserved, figures.asked].map(cents);
    let all = figures.budget;
    let name = &policy.name;
    let left = figures.left().down_to(2);
    let message = format!(
        "team {team} has spent {spent} and reserved {reserved} of the {all} that policy {name} \
         gives it in {month}, and this requests up to {asked}"
    );
    let effect = match budget.value.when_spent {
        WhenSpent::Notify => Effect::Warn,
        WhenSpent::Block | WhenSpent::Terminate => Effect::Deny,
    };
    let pass = if left > Usd::ZERO {
        format!(
            "guardrails.budget: {left} or less (the amount that is left), and a smaller \
             cluster.size if ending the cluster costs more than that; or wait until running \
             clusters have ended (`clusterup budget` shows them)"
        )
    } else {
        format!(
            "nothing is left in {month}. If that month has not begun, set a \
             guardrails.max_lifetime that ends the cluster before it begins. Otherwise wait until \
             running clusters have ended (`clusterup budget` shows them) or the month is over, or \
             raise the budget in {}",
            policy.place(budget.line)
        )
    };
    Some(Finding {
        policy: name.clone(),
        rule: BUDGET.to_owned(),
        place: policy.place(budget.line),
        effect,
        at: "guardrails.budget",
        figure: Some(asked.to_string()),
        limit: Some(left.max(Usd::ZERO).to_string()),
        message,
        pass,
        overridden: false,
    })
}

/// The finding about a cluster whose price is unknown, so that its share of the month is unknown
/// too.
pub fn unpriced(policy: &Policy, budget: &Located<MonthlyBudget>, team: &TeamName) -> Finding {
    let name = &policy.name;
    Finding {
        policy: name.clone(),
        rule: BUDGET.to_owned(),
        place: policy.place(budget.line),
        effect: Effect::Deny,
        at: "cluster.size",
        figure: None,
        limit: Some(budget.value.monthly.to_string()),
        message: format!(
            "the price is unknown, so it cannot be compared with the monthly budget that policy \
             {name} gives team {team}"
        ),
        pass: UNPRICED.to_owned(),
        overridden: false,
    }
}
