//! AWS Budgets: the changes of a push, and the budgets after it.

use super::words::{count, sign, wrap};
use crate::cloud::budgets::diff::Change;
use crate::cloud::budgets::model::DesiredBudget;
use crate::model::action::Sign;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, TeamName};
use crate::model::percent::Percent;
use serde::Serialize;

/// Lists each change with its reasons.
pub(crate) fn changes(account: &str, changes: &[Change]) -> String {
    if changes.is_empty() {
        return format!("budgets of AWS account {account}: nothing to do");
    }
    let mut lines = vec![format!("budgets of AWS account {account}")];
    for change in changes {
        let (mark, reasons) = match change {
            Change::Create(to) => (Sign::Create, vec![terms(to)]),
            Change::Update(update) => (Sign::Update, update.differs.clone()),
            Change::Delete(_) => (Sign::Delete, vec!["no policy has it anymore".to_owned()]),
        };
        lines.push(format!("  {} {}", sign(mark), change.name()));
        let reasons = reasons.iter().map(|reason| wrap(reason, 6));
        lines.extend(reasons.map(|reason| format!("      {reason}")));
    }
    lines.join("\n")
}

/// The question before a push; it names each budget that is deleted.
pub(crate) fn question(account: &str, changes: &[Change]) -> String {
    let deleted = changes.iter().filter(|change| change.deletes());
    let deleted: Vec<_> = deleted.map(Change::name).collect();
    let made = changes.len() - deleted.len();
    let makes = format!("creates or changes {}", count(made as u64, "budget"));
    let removed = deleted.join(", ");
    let what = if deleted.is_empty() {
        makes
    } else if made == 0 {
        format!("deletes the budgets {removed}")
    } else {
        format!("{makes} and deletes {removed}")
    };
    format!("This {what} in AWS account {account}. Continue?")
}

/// Lists the budgets that AWS has after a push.
pub(crate) fn present(account: &str, all: &[DesiredBudget]) -> String {
    if all.is_empty() {
        return format!(
            "no policy has a monthly budget; AWS account {account} has no budget that \
                        clusterup created"
        );
    }
    let shown = |budget: &DesiredBudget| {
        let name = budget.name();
        let terms = wrap(&terms(budget), 6);
        format!("\n    {name}\n      {terms}")
    };
    let all: String = all.iter().map(shown).collect();
    format!("AWS account {account} has the policies' budgets{all}")
}

fn terms(of: &DesiredBudget) -> String {
    let limit = of.limit;
    let team = &of.team;
    let shares: Vec<_> = of.thresholds.iter().map(ToString::to_string).collect();
    let notifies = if of.subscribers.is_empty() {
        "notifies nobody".to_owned()
    } else {
        format!(
            "at {} notifies {}",
            shares.join(", "),
            of.subscribers.join(", ")
        )
    };
    format!("{limit} a month for team {team}; {notifies}")
}

pub(in crate::cli) fn document(change: &Change) -> ChangeDocument {
    let (kind, to, differs, anew) = match change {
        Change::Create(to) => (ChangeKind::Create, Some(to), Vec::new(), false),
        Change::Update(update) => (
            ChangeKind::Update,
            Some(&update.to),
            update.differs.clone(),
            update.anew,
        ),
        Change::Delete(_) => (ChangeKind::Delete, None, Vec::new(), false),
    };
    ChangeDocument {
        change: kind,
        name: change.name(),
        budget: to.map(budget),
        differs,
        anew,
    }
}

pub(in crate::cli) fn budget(of: &DesiredBudget) -> BudgetDocument {
    BudgetDocument {
        name: of.name(),
        policy: of.policy.clone(),
        team: of.team.clone(),
        limit: of.limit,
        thresholds: of.thresholds.clone(),
        subscribers: of.subscribers.clone(),
    }
}

/// A change of a budget in AWS.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct ChangeDocument {
    /// What is done.
    change: ChangeKind,
    /// The budget's name.
    name: String,
    /// What it will be; null if it is deleted.
    budget: Option<BudgetDocument>,
    /// What differs, in words.
    differs: Vec<String>,
    /// Whether it is deleted and created again.
    anew: bool,
}

/// What is done with a budget.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ChangeKind {
    Create,
    Update,
    Delete,
}

/// A budget of a policy.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct BudgetDocument {
    /// Its name in AWS.
    name: String,
    /// The policy.
    policy: PolicyName,
    /// The team.
    team: TeamName,
    /// What the team may spend in a month.
    limit: Usd,
    /// The shares of it at which subscribers are notified.
    thresholds: Vec<Percent>,
    /// E-mail addresses and ARNs of SNS topics.
    subscribers: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::budgets::diff::Update;

    fn mirrored(team: &str, subscribers: &[&str]) -> DesiredBudget {
        DesiredBudget {
            policy: "ads".parse().unwrap(),
            team: team.parse().unwrap(),
            limit: "$100".parse().unwrap(),
            thresholds: vec!["80%".parse().unwrap(), "100%".parse().unwrap()],
            subscribers: subscribers.iter().map(|who| (*who).to_owned()).collect(),
        }
    }

    fn all() -> Vec<Change> {
        let update = Update {
            from: mirrored("two", &[]).seen(),
            to: mirrored("two", &[]),
            differs: vec![
                "limit $50.00 -> $100.00".to_owned(),
                "no notification".to_owned(),
            ],
            anew: false,
        };
        vec![
            Change::Create(mirrored("one", &["a@x.org", "b@x.org"])),
            Change::Update(Box::new(update)),
            Change::Delete("clusterup_old_one".to_owned()),
        ]
    }

    #[test]
    fn changes_have_their_reasons() {
        let expected = "budgets of AWS account 1\n  \
            + clusterup_ads_one\n      \
            $100.00 a month for team one; at 80%, 100% notifies a@x.org, b@x.org\n  \
            ~ clusterup_ads_two\n      limit $50.00 -> $100.00\n      no notification\n  \
            - clusterup_old_one\n      no policy has it anymore";
        assert_eq!(changes("1", &all()), expected);
        assert_eq!(changes("1", &[]), "budgets of AWS account 1: nothing to do");
    }

    #[test]
    fn the_question_names_deleted_budgets() {
        let all = all();
        let go = "in AWS account 1. Continue?";
        let both = format!("This creates or changes 2 budgets and deletes clusterup_old_one {go}");
        assert_eq!(question("1", &all), both);
        let made = format!("This creates or changes 1 budget {go}");
        assert_eq!(question("1", &all[..1]), made);
        let removed = format!("This deletes the budgets clusterup_old_one {go}");
        assert_eq!(question("1", &all[2..]), removed);
    }

    #[test]
    fn present_budgets_are_shown() {
        let shown = present("1", &[mirrored("one", &[])]);
        assert!(
            shown.ends_with("$100.00 a month for team one; notifies nobody"),
            "{shown}"
        );
        assert!(present("1", &[]).contains("no budget that clusterup created"));
        let budget = document(&all()[0]).budget.unwrap();
        assert!(!budget.thresholds.is_empty());
    }
}
