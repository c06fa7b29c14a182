//! A team's monthly budget, from a policy or as recorded with a cluster.

use crate::model::name::TeamName;
use crate::model::policy::{AppliesTo, Limits, Located, MonthlyBudget, Policy};
use crate::model::recorded_budget::RecordedBudget;

/// The monthly budget of one team, from a loaded policy or recorded with a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamBudget {
    /// The team.
    pub team: TeamName,
    /// The policy that sets the budget.
    policy: Policy,
    budget: Located<MonthlyBudget>,
}

impl TeamBudget {
    /// The budget of a policy; `None` if the policy sets none.
    pub fn new(team: &TeamName, policy: &Policy) -> Option<Self> {
        Some(Self {
            team: team.clone(),
            policy: policy.clone(),
            budget: policy.budget.clone()?,
        })
    }

    /// The budget recorded with a cluster. Subscribers and reported shares are left out: only
    /// callers who have the policy handle these.
    pub fn recorded(record: &RecordedBudget) -> Self {
        let value = MonthlyBudget {
            monthly: record.monthly,
            notify_at: Vec::new(),
            when_spent: record.when_spent,
            timezone: record.timezone,
            subscribers: Vec::new(),
            home: record.home.clone(),
        };
        let budget = Located {
            value,
            line: record.line,
        };
        let teams = Some(vec![record.team.clone()]);
        let policy = Policy {
            name: record.policy.clone(),
            file: record.file.clone(),
            applies_to: AppliesTo {
                teams,
                stacks: None,
            },
            budget: Some(budget.clone()),
            limits: Limits::default(),
            off_hours: None,
            rules: Vec::new(),
            overrides: None,
            unmanaged: None,
            exempt: None,
            watchdog: crate::model::orders::WatchdogRules::default(),
        };
        Self {
            team: record.team.clone(),
            policy,
            budget,
        }
    }

    /// The budget as it is recorded with a cluster.
    pub fn record(&self) -> RecordedBudget {
        let MonthlyBudget {
            monthly,
            when_spent,
            timezone,
            home,
            ..
        } = &self.budget.value;
        RecordedBudget {
            team: self.team.clone(),
            policy: self.policy.name.clone(),
            file: short(&self.policy.file),
            line: self.budget.line,
            monthly: *monthly,
            when_spent: *when_spent,
            timezone: *timezone,
            home: home.clone(),
        }
    }

    /// The policy, and the budget with its line.
    pub const fn as_budget(&self) -> (&Policy, &Located<MonthlyBudget>) {
        (&self.policy, &self.budget)
    }
}

/// The end of a long path: tags are limited in length.
fn short(file: &str) -> String {
    const MAX_CHARS: usize = 60;
    let skip = file.chars().count().saturating_sub(MAX_CHARS);
    file.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::load;

    #[test]
    fn a_recorded_budget_equals_that_of_its_policy() {
        let text = "policy: month\napplies_to: { teams: [recsys] }\nbudget:\n  monthly: $2\n  \
                    home: eu-west-1\n  timezone: Asia/Seoul\n  when_spent: terminate\n";
        for file in ["p.yaml", &format!("{}/policies/p.yaml", "f".repeat(300))] {
            let policy = load(file, text).unwrap().policy;
            let budget = TeamBudget::new(&"recsys".parse().unwrap(), &policy).unwrap();
            let record = budget.record();
            assert!(record.file.ends_with("p.yaml") && record.file.len() <= 60);
            let again = TeamBudget::recorded(&record);
            assert_eq!(again.record(), record);
            let (own, value) = again.as_budget();
            assert_eq!((own.name.as_str(), value.line), ("month", 3));
            assert_eq!(value.value.home.as_str(), "eu-west-1");
        }
    }
}
