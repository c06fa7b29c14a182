//! A policy's budget as AWS is to have it, and a budget of AWS as it is found.

use crate::model::money::Usd;
use crate::model::name::{PolicyName, TeamName};
use crate::model::percent::Percent;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// The tag that names the paying team. Budgets filter bills by it, so it has neither `:` nor `$`.
pub const TEAM_TAG: &str = "clusterup-team";

/// Names of policies and teams contain no `_`. A dot would look like an address and a slash could
/// form `/action/`, because AWS refuses both.
const MARK: char = '_';
const OURS: &str = "clusterup";

/// BudgetType of a budget for costs.
pub const COST: &str = "COST";
/// TimeUnit of a monthly budget.
pub const MONTHLY: &str = "MONTHLY";
/// Unit of amounts in US dollars.
pub const DOLLARS: &str = "USD";
/// The name of the filter by user-defined tags.
pub const BY_TAG: &str = "TagKeyValue";

/// The kinds of cost that our budgets count: all except credits and refunds.
const COUNTED: [&str; 7] = [
    "discounts",
    "other subscriptions",
    "recurring fees",
    "subscriptions",
    "support",
    "taxes",
    "upfront fees",
];

/// The budget of a team under a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredBudget {
    /// The policy that sets the budget.
    pub policy: PolicyName,
    /// The team.
    pub team: TeamName,
    /// Dollars per month.
    pub limit: Usd,
    /// Shares of it at which subscribers are notified, in order and without duplicates.
    pub thresholds: Vec<Percent>,
    /// E-mail addresses and ARNs of SNS topics. AWS requires one for a notification.
    pub subscribers: Vec<String>,
}

/// A budget with its notifications, as AWS returns them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingBudget {
    /// The budget.
    pub budget: Budget,
    /// Its notifications.
    pub notices: Notices,
}

/// The subscribers of each notification.
pub type Notices = BTreeMap<Notice, BTreeSet<String>>;

/// A budget of AWS Budgets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// BudgetName.
    pub name: String,
    /// BudgetType, such as [`COST`].
    pub kind: String,
    /// TimeUnit, such as [`MONTHLY`].
    pub time_unit: String,
    /// BudgetLimit; `None` if the limit differs by month.
    pub limit: Option<Amount>,
    /// CostFilters: values by the filters' names.
    pub filters: BTreeMap<String, BTreeSet<String>>,
    /// CostTypes that are included; empty if AWS returns another selection.
    pub counts: BTreeSet<String>,
}

/// An amount of money (Spend).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// Amount.
    pub number: Decimal,
    /// Unit, such as [`DOLLARS`].
    pub currency: String,
}

/// A notification, with AWS's own values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// NotificationType: `ACTUAL` or `FORECASTED`.
    pub of: String,
    /// ComparisonOperator, such as `GREATER_THAN`.
    pub when: String,
    /// Threshold, in digits.
    pub threshold: String,
    /// ThresholdType: `PERCENTAGE` or `ABSOLUTE_VALUE`.
    pub unit: String,
}

/// The name of a team's budget under a policy: at most 91 of AWS's 100 characters.
pub fn name(policy: &PolicyName, team: &TeamName) -> String {
    format!("{OURS}{MARK}{policy}{MARK}{team}")
}

/// The policy and team in a budget's name; `None` if it is not a budget of clusterup.
pub fn of_name(name: &str) -> Option<(PolicyName, TeamName)> {
    let (ours, rest) = name.split_once(MARK)?;
    let (policy, team) = rest.split_once(MARK)?;
    Some((policy.parse().ok()?, team.parse().ok()?)).filter(|_| ours == OURS)
}

impl DesiredBudget {
    /// The budget's name in AWS.
    pub fn name(&self) -> String {
        name(&self.policy, &self.team)
    }

    /// The budget as AWS returns it once it exists.
    pub fn seen(&self) -> ExistingBudget {
        let tag = format!("user:{TEAM_TAG}${}", self.team);
        let budget = Budget {
            name: self.name(),
            kind: COST.to_owned(),
            time_unit: MONTHLY.to_owned(),
            limit: Some(Amount::dollars(self.limit)),
            filters: BTreeMap::from([(BY_TAG.to_owned(), BTreeSet::from([tag]))]),
            counts: COUNTED.map(str::to_owned).into(),
        };
        let subscribers: BTreeSet<_> = self.subscribers.iter().cloned().collect();
        let mut notices: Notices = self
            .thresholds
            .iter()
            .map(|share| Notice::at(*share))
            .map(|notice| (notice, subscribers.clone()))
            .collect();
        if subscribers.is_empty() {
            notices.clear();
        }
        ExistingBudget { budget, notices }
    }
}

impl Amount {
    /// An amount in US dollars.
    pub fn dollars(usd: Usd) -> Self {
        Self {
            number: usd.amount().normalize(),
            currency: DOLLARS.to_owned(),
        }
    }

    /// The amount in US dollars; `None` for another currency.
    pub fn usd(&self) -> Option<Usd> {
        (self.currency == DOLLARS).then(|| Usd::new(self.number))
    }
}

/// Whether a subscriber is a topic of SNS; else it is an e-mail address.
pub fn is_topic(subscriber: &str) -> bool {
    subscriber.starts_with("arn:")
}

impl Notice {
    /// That so much of the limit is spent.
    pub fn at(share: Percent) -> Self {
        Self {
            of: "ACTUAL".to_owned(),
            when: "GREATER_THAN".to_owned(),
            threshold: share.value().to_string(),
            unit: "PERCENTAGE".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label() -> impl Strategy<Value = String> {
        "[a-z]([a-z0-9-]{0,3}[a-z0-9])?"
    }

    proptest! {
        #[test]
        fn a_budgets_name_contains_its_policy_and_team((policy, team) in (label(), label())) {
            let of: (PolicyName, TeamName) = (policy.parse().unwrap(), team.parse().unwrap());
            prop_assert_eq!(of_name(&name(&of.0, &of.1)), Some(of));
        }
    }

    #[test]
    fn names_are_as_aws_takes_them() {
        let longest = "a".repeat(40);
        let name = name(&longest.parse().unwrap(), &longest.parse().unwrap());
        assert!(
            name.len() <= 100 && !name.contains([':', '\\', '/']),
            "{name}"
        );
        for other in [
            "clusterup",
            "clusterup_a",
            "clusterup_a_b_c",
            "x_a_b",
            "clusterup_A_b",
        ] {
            assert_eq!(of_name(other), None, "{other}");
        }
    }

    #[test]
    fn a_policy_without_subscribers_notifies_nobody() {
        let mut mirrored = DesiredBudget {
            policy: "p".parse().unwrap(),
            team: "t".parse().unwrap(),
            limit: "$100".parse().unwrap(),
            thresholds: vec!["80%".parse().unwrap()],
            subscribers: vec!["a@example.com".to_owned()],
        };
        assert_eq!(mirrored.seen().notices.len(), 1);
        mirrored.subscribers.clear();
        assert!(mirrored.seen().notices.is_empty());
    }
}
