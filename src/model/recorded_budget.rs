//! The monthly budget that a cluster counts against, recorded with it, so that any machine can find
//! the team's account, whatever policies that machine has.

use super::hours::Zone;
use super::money::Usd;
use super::name::{PolicyName, Region, TeamName};
use super::policy::WhenSpent;
use serde::{Deserialize, Serialize};

/// A team's monthly budget, as its policy had it when the cluster was last admitted under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordedBudget {
    /// The team.
    pub team: TeamName,
    /// The policy.
    pub policy: PolicyName,
    /// The policy's file, as it is shown to people.
    pub file: String,
    /// The line of the budget in the policy, from 1.
    pub line: usize,
    /// Dollars per month.
    pub monthly: Usd,
    /// What happens once it is spent.
    pub when_spent: WhenSpent,
    /// The timezone in which months begin.
    pub timezone: Zone,
    /// The region whose bucket keeps the account.
    pub home: Region,
}

impl RecordedBudget {
    /// Whether both are the budget of the same policy and team, kept in the same region.
    pub fn is_same(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.team.clone(), it.policy.clone(), it.home.clone());
        key(self) == key(other)
    }
}

/// The budgets to record with a cluster that is admitted again under the budgets of `now`: those
/// are updated and the others stay, because a cluster counts against a budget until it ends.
pub fn renewed(had: &[RecordedBudget], now: &[RecordedBudget]) -> Vec<RecordedBudget> {
    let left = had
        .iter()
        .filter(|had| !now.iter().any(|now| now.is_same(had)));
    now.iter().chain(left).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_record(team: &str, policy: &str, monthly: &str, home: &str) -> RecordedBudget {
        RecordedBudget {
            team: team.parse().unwrap(),
            policy: policy.parse().unwrap(),
            file: "policies/p.yaml".to_owned(),
            line: 3,
            monthly: monthly.parse().unwrap(),
            when_spent: WhenSpent::Block,
            timezone: "UTC".parse().unwrap(),
            home: home.parse().unwrap(),
        }
    }

    #[test]
    fn a_record_is_renewed_by_its_own_policy_alone() {
        let had = [on_record("one", "month", "$2", "us-east-1")];
        assert_eq!(renewed(&had, &[]), had);
        let raised = [on_record("one", "month", "$5", "us-east-1")];
        assert_eq!(renewed(&had, &raised), raised);
        for other in [
            on_record("two", "month", "$5", "us-east-1"),
            on_record("one", "renamed", "$5", "us-east-1"),
            on_record("one", "month", "$5", "eu-west-1"),
        ] {
            let both = renewed(&had, std::slice::from_ref(&other));
            assert_eq!(both, [other, had[0].clone()]);
        }
    }

    #[test]
    fn text_and_back() {
        let one = on_record("one", "month", "$2.50", "us-east-1");
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<RecordedBudget>(&text).unwrap(), one);
    }
}
