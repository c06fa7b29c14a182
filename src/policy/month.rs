//! A team's month as a reason against a stack.

use super::book::Figures;
use super::finding::{BUDGET, Finding};
use crate::model::money::Usd;
use crate::model::name::TeamName;
use crate::model::policy::{Effect, MonthlyBudget, Policy, Said, WhenSpent};

/// What a policy says of a month that does not hold what is asked for; nothing where it does.
pub fn overspent(
    policy: &Policy,
    budget: &Said<MonthlyBudget>,
    team: &TeamName,
    figures: &Figures,
) -> Option<Finding> {
    // What asks for nothing takes nothing.
    if figures.fits() || figures.asked <= Usd::ZERO {
        return None;
    }
    let cents = |usd: Usd| usd.up_to(2);
    let Figures { month, .. } = figures;
    let [spent, promised, asked] = [figures.spent, figures.promised, figures.asked].map(cents);
    let (all, name) = (figures.budget, &policy.name);
    let left = down(figures.left());
    let message = format!(
        "team {team} has spent {spent} and promised {promised} of the {all} that policy {name} \
         gives it in {month}, and this asks for up to {asked}"
    );
    let effect = match budget.value.when_spent {
        WhenSpent::Notify => Effect::Warn,
        WhenSpent::Block | WhenSpent::Terminate => Effect::Deny,
    };
    let pass = match left > Usd::ZERO {
        true => format!(
            "guardrails.budget: {left} or less, which is what is left; or wait until what runs \
             has ended: `clusterup budget` shows it"
        ),
        false => format!(
            "nothing is left in {month}: wait until what runs has ended or the month is over, or \
             have the budget in {} raised",
            policy.place(budget.line)
        ),
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

/// Cents that are surely there.
fn down(usd: Usd) -> Usd {
    Usd::ZERO - (Usd::ZERO - usd).up_to(2)
}
