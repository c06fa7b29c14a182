//! A policy's budget as AWS is to have it, and a budget of AWS as it is found.

use crate::model::money::Usd;
use crate::model::name::{PolicyName, TeamName};
use crate::model::percent::Percent;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// The tag that says which team pays. Bills are told apart by it, so it has neither `:` nor `$`.
pub const TEAM_TAG: &str = "clusterup-team";

/// Neither policies nor teams have a `_` in their names. A dot would look like an address and a
/// slash could make `/action/`, both of which AWS refuses.
const MARK: char = '_';
const OURS: &str = "clusterup";

pub const COST: &str = "COST";
pub const MONTHLY: &str = "MONTHLY";
pub const DOLLARS: &str = "USD";
/// The filter by tags, and how AWS calls one that a user made.
pub const BY_TAG: &str = "TagKeyValue";

/// What our budgets count. Credits and refunds are no reason to spend more.
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
    pub policy: PolicyName,
    pub team: TeamName,
    pub limit: Usd,
    /// Shares of it at which subscribers are told, in order, each once.
    pub thresholds: Vec<Percent>,
    /// Addresses of e-mail and topics of SNS. AWS has no notification without one.
    pub subscribers: Vec<String>,
}

/// A budget with its notifications, as AWS has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingBudget {
    pub budget: Budget,
    pub notices: Notices,
}

/// Whom each notification tells.
pub type Notices = BTreeMap<Notice, BTreeSet<String>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub name: String,
    /// Such as [`COST`].
    pub kind: String,
    /// Such as [`MONTHLY`].
    pub time_unit: String,
    /// None where it is not one limit for all months.
    pub limit: Option<Amount>,
    /// Values by the names of filters.
    pub filters: BTreeMap<String, BTreeSet<String>>,
    /// The kinds of cost that it adds up; none where that is said in another way.
    pub counts: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    pub number: Decimal,
    pub currency: String,
}

/// A notification, in AWS's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// `ACTUAL` or `FORECASTED`.
    pub of: String,
    /// `GREATER_THAN`, …
    pub when: String,
    /// As digits.
    pub threshold: String,
    /// `PERCENTAGE` or `ABSOLUTE_VALUE`.
    pub unit: String,
}

/// What AWS calls the budget of a team under a policy: at most 91 characters of AWS's 100.
pub fn name(policy: &PolicyName, team: &TeamName) -> String {
    format!("{OURS}{MARK}{policy}{MARK}{team}")
}

/// Policy and team of a budget's name, where it is one of ours.
pub fn of_name(name: &str) -> Option<(PolicyName, TeamName)> {
    let (ours, rest) = name.split_once(MARK)?;
    let (policy, team) = rest.split_once(MARK)?;
    Some((policy.parse().ok()?, team.parse().ok()?)).filter(|_| ours == OURS)
}

impl DesiredBudget {
    pub fn name(&self) -> String {
        name(&self.policy, &self.team)
    }

    /// As AWS shows it when all is as it should be.
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
    pub fn dollars(usd: Usd) -> Self {
        Self {
            number: usd.amount().normalize(),
            currency: DOLLARS.to_owned(),
        }
    }

    /// None of another currency.
    pub fn usd(&self) -> Option<Usd> {
        (self.currency == DOLLARS).then(|| Usd::new(self.number))
    }
}

/// Whether a subscriber is a topic of SNS; else it is an address of e-mail.
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
        fn a_name_says_whose_it_is((policy, team) in (label(), label())) {
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
    fn nobody_is_told_where_there_is_nobody() {
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
