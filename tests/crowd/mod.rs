//! Concurrent admissions to a team's account, on any cloud: the requests, and what must hold.

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::Cloud;
use clusterup::cost::ledger::{Record, Scope};
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::name::TeamName;
use clusterup::model::policy::{Located, MonthlyBudget, Policy};
use clusterup::policy::CostBound;
use clusterup::policy::team_account::{Reservation, TeamAccount};
use clusterup::policy::{Finding, load};
use clusterup::run::account_store::AccountStore;

/// Who asks at once, and for how many of them there is money.
pub(crate) const CROWD: usize = 32;
pub(crate) const MONEY_FOR: usize = 7;
/// What one of them asks for: an hour of one node at $1/h.
const EACH: &str = "$1";

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub(crate) fn scope(place: &str) -> Scope {
    Scope {
        place: place.parse().unwrap(),
        account: None,
    }
}

/// A month of exactly as much as some of the crowd ask for.
pub(crate) fn policy() -> Policy {
    let each: Usd = EACH.parse().unwrap();
    let monthly = each.times(MONEY_FOR.into());
    let text = format!(
        "policy: crowd\napplies_to: {{ teams: [recsys] }}\nbudget: {{ monthly: \"{monthly}\" }}\n"
    );
    load("policies/crowd.yaml", &text).unwrap().policy
}

pub(crate) fn budget(policy: &Policy) -> [(&Policy, &Located<MonthlyBudget>); 1] {
    [(policy, policy.budget.as_ref().unwrap())]
}

/// What the stack of a number asks for at an instant.
pub(crate) fn reservation(number: usize, place: &str, at: DateTime<Utc>) -> Reservation {
    let life = InstanceSpan {
        role: Role::Primary,
        from: at,
        until: None,
        count: 1,
        instance_type: None,
    };
    Reservation {
        place: place.parse().unwrap(),
        account: None,
        stack: format!("stack-{number}").parse().unwrap(),
        by: format!("person-{number}@here"),
        at,
        cluster: None,
        ask: CostBound {
            rates: "primary=1+0+0+0".parse().unwrap(),
            instance_spans: vec![life],
            ends_by: at + TimeDelta::hours(1),
            besides: Usd::ZERO,
        },
        overridden: None,
    }
}

/// The account of a team, as one of the crowd has it at hand.
pub(crate) struct Teller<'a> {
    pub(crate) cloud: &'a dyn Cloud,
    pub(crate) scope: Scope,
    pub(crate) team: TeamName,
    pub(crate) records: Vec<Record>,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(cloud: &'a dyn Cloud, target: &str, team: &str) -> Self {
        Self {
            cloud,
            scope: scope(target),
            team: team.parse().unwrap(),
            records: Vec::new(),
        }
    }

    pub(crate) fn account_store(&self, seen: DateTime<Utc>) -> AccountStore<'_> {
        AccountStore {
            books: self.cloud,
            cloud: self.cloud,
            scope: &self.scope,
            team: &self.team,
            records: &self.records,
            seen,
        }
    }

    /// Asks for one; whether it was admitted. A denial says how to pass.
    pub(crate) async fn ask(&self, number: usize) -> bool {
        let policy = policy();
        let reservation = reservation(number, &self.scope.place.to_string(), now());
        let (account_store, all) = (self.account_store(now()), |all| all);
        let asked = account_store
            .admit(&budget(&policy), &reservation, all, now())
            .await;
        let findings: Vec<Finding> = asked.unwrap().findings;
        let denied = findings.iter().any(Finding::denies);
        assert!(findings.iter().all(|finding| !finding.pass.is_empty()));
        !denied
    }

    pub(crate) async fn team_account(&self, at: DateTime<Utc>) -> TeamAccount {
        self.account_store(at).read().await.unwrap()
    }
}

/// Exactly as many were admitted as there is money for, and the account says so.
pub(crate) fn assert_fair(admitted: usize, team_account: &TeamAccount) {
    assert_eq!(admitted, MONEY_FOR);
    assert_eq!(
        team_account.reservations.len(),
        MONEY_FOR,
        "{team_account:#?}"
    );
    let policy = policy();
    let [(_, budget)] = budget(&policy);
    let month = "2026-11".parse().unwrap();
    let figures = team_account.figures(&policy.name, month, &budget.value, None, now());
    assert_eq!(figures.reserved, budget.value.monthly);
    assert_eq!(figures.left(), Usd::ZERO);
}
