//! Policies' budgets as AWS is to have them, and what differs there.

use crate::cloud::budgets::model::{Amount, COST, DOLLARS, DesiredBudget, ExistingBudget, Notice};
use crate::model::name::TeamName;
use crate::model::percent::Percent;
use crate::model::policy::{MonthlyBudget, Policy};
use std::collections::{BTreeMap, BTreeSet};

/// A change that brings AWS Budgets in line with the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Creates a budget.
    Create(DesiredBudget),
    /// Changes a budget.
    Update(Box<Update>),
    /// Deletes a budget of clusterup, by its name, that no policy has any more.
    Delete(String),
}

/// The change of an existing budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The present budget.
    pub from: ExistingBudget,
    /// The new budget.
    pub to: DesiredBudget,
    /// What differs, in words.
    pub differs: Vec<String>,
    /// Whether it has to be deleted first, because AWS cannot change it in place.
    pub anew: bool,
}

impl Change {
    /// The budget's name.
    pub fn name(&self) -> String {
        match self {
            Self::Create(to) => to.name(),
            Self::Update(update) => update.to.name(),
            Self::Delete(name) => name.clone(),
        }
    }

    /// Whether it deletes the budget.
    pub const fn deletes(&self) -> bool {
        matches!(self, Self::Delete(_))
    }
}

/// A budget for each team of each policy with a monthly budget, in order of their names.
pub fn desired_budgets(policies: &[Policy]) -> Vec<DesiredBudget> {
    let mut all = BTreeMap::new();
    for (policy, budget) in with_budget(policies) {
        for team in policy.applies_to.teams.iter().flatten() {
            let mirrored = mirrored(policy, budget, team);
            all.entry(mirrored.name()).or_insert(mirrored);
        }
    }
    all.into_values().collect()
}

/// What of the policies' budgets AWS cannot do, in words.
pub fn shortcomings(policies: &[Policy]) -> Vec<String> {
    let mut all = Vec::new();
    for (policy, budget) in with_budget(policies) {
        let name = &policy.name;
        if policy.applies_to.teams.iter().flatten().next().is_none() {
            all.push(format!(
                "policy {name}: it gets no AWS budget, because it names no teams"
            ));
        } else if budget.subscribers.is_empty() {
            all.push(format!(
                "policy {name}: AWS notifies nobody when its budget is spent, because it names no \
                 subscribers"
            ));
        }
    }
    all
}

fn with_budget(policies: &[Policy]) -> impl Iterator<Item = (&Policy, &MonthlyBudget)> {
    policies.iter().filter_map(|policy| {
        let budget = policy.budget.as_ref()?;
        Some((policy, &budget.value))
    })
}

fn mirrored(policy: &Policy, budget: &MonthlyBudget, team: &TeamName) -> DesiredBudget {
    let thresholds = budget.notify_at.iter().copied().chain([Percent::WHOLE]);
    let thresholds: BTreeSet<_> = thresholds.collect();
    let subscribers: BTreeSet<_> = budget.subscribers.iter().cloned().collect();
    DesiredBudget {
        policy: policy.name.clone(),
        team: team.clone(),
        limit: budget.monthly,
        thresholds: thresholds.into_iter().collect(),
        subscribers: subscribers.into_iter().collect(),
    }
}

/// What has to be done so that AWS has what it should; nothing where it has. In order of the names,
/// what is deleted last. `have` is all that AWS has of ours, as names say it.
pub fn differences(want: &[DesiredBudget], have: &[ExistingBudget]) -> Vec<Change> {
    let there: BTreeMap<_, _> = have.iter().map(|one| (&one.budget.name, one)).collect();
    let wanted: BTreeMap<_, _> = want.iter().map(|one| (one.name(), one)).collect();
    let make = wanted
        .iter()
        .filter_map(|(name, to)| match there.get(name) {
            None => Some(Change::Create((*to).clone())),
            Some(from) => update(from, to).map(|update| Change::Update(Box::new(update))),
        });
    let deleted = there.keys().filter(|name| !wanted.contains_key(**name));
    let delete = deleted.map(|name| Change::Delete((*name).clone()));
    make.chain(delete).collect()
}

/// `None` if nothing differs.
fn update(from: &ExistingBudget, to: &DesiredBudget) -> Option<Update> {
    let wanted = to.seen();
    if *from == wanted {
        return None;
    }
    let have = &from.budget;
    let want = &wanted.budget;
    let mut differs = Vec::new();
    if have.kind != want.kind {
        differs.push(format!("type {} -> {COST}: it is created again", have.kind));
    }
    let currency = have.limit.as_ref().map(|limit| limit.currency.as_str());
    let foreign = currency.filter(|currency| *currency != DOLLARS);
    if let Some(currency) = foreign {
        differs.push(format!(
            "currency {currency} -> {DOLLARS}: it is created again"
        ));
    }
    if have.limit != want.limit {
        let limit = |limit: Option<&Amount>| limit.map_or("a limit that varies".to_owned(), shown);
        let old = limit(have.limit.as_ref());
        let new = limit(want.limit.as_ref());
        differs.push(format!("limit {old} -> {new}"));
    }
    if have.time_unit != want.time_unit {
        differs.push(format!(
            "time unit {} -> {}",
            have.time_unit, want.time_unit
        ));
    }
    if have.filters != want.filters {
        let old = filters(&have.filters);
        let new = filters(&want.filters);
        differs.push(format!("costs of {old} -> {new}"));
    }
    if have.counts != want.counts {
        let more = &have.counts - &want.counts;
        let less = &want.counts - &have.counts;
        differs.extend(more.iter().map(|what| format!("counts {what} -> does not")));
        differs.extend(
            less.iter()
                .map(|what| format!("does not count {what} -> does")),
        );
    }
    differs.extend(notices(from, &wanted));
    Some(Update {
        from: from.clone(),
        to: to.clone(),
        differs,
        anew: have.kind != want.kind || foreign.is_some(),
    })
}

fn notices(from: &ExistingBudget, to: &ExistingBudget) -> Vec<String> {
    let have = &from.notices;
    let want = &to.notices;
    let all: BTreeSet<&Notice> = have.keys().chain(want.keys()).collect();
    let mut differs = Vec::new();
    for notice in all {
        let at = words(notice);
        match (have.get(notice), want.get(notice)) {
            (Some(_), None) => differs.push(format!("a notification at {at} -> none")),
            (None, Some(_)) => differs.push(format!("no notification at {at} -> one")),
            (Some(have), Some(want)) => {
                let more = (have - want).into_iter();
                let less = (want - have).into_iter();
                differs.extend(more.map(|who| format!("at {at} notifies {who} -> does not")));
                differs.extend(less.map(|who| format!("at {at} does not notify {who} -> does")));
            }
            (None, None) => {}
        }
    }
    differs
}

fn shown(amount: &Amount) -> String {
    let other = || format!("{} {}", amount.number, amount.currency);
    amount.usd().map_or_else(other, |usd| usd.to_string())
}

fn filters(filters: &BTreeMap<String, BTreeSet<String>>) -> String {
    let all = filters.iter().flat_map(|(name, values)| {
        let value = move |value: &String| format!("{name} {value}");
        values.iter().map(value)
    });
    let all: Vec<_> = all.collect();
    if all.is_empty() {
        "the whole account".to_owned()
    } else {
        all.join(", ")
    }
}

/// `80%` for a notification of ours; others in AWS's terms.
fn words(notice: &Notice) -> String {
    let Notice {
        of,
        when,
        threshold,
        unit,
    } = notice;
    let usual = threshold.parse::<u8>().ok();
    let usual = usual.and_then(|share| format!("{share}%").parse().ok());
    match usual.filter(|share| Notice::at(*share) == *notice) {
        Some(share) => share.to_string(),
        None => format!("{of} {when} {threshold} {unit}"),
    }
}

#[cfg(test)]
mod tests;
