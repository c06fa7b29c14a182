//! The money of a stack's team: what is asked of its months, set aside, and settled. Which budgets
//! are asked is what policies at hand say and what the living cluster has on record.

use super::accounts::{self, TeamStore};
use super::{Denied, OperationError, Place, Services};
use crate::cost::ledger::Record;
use crate::model::month::Month;
use crate::model::name::{ClusterId, PolicyName, Region, StackName, TeamName};
use crate::model::policy::Override;
use crate::model::recorded_budget::RecordedBudget;
use crate::policy::team_account::{Figures, Reservation};
use crate::policy::{CostBound, Finding, Policies, TeamBudget, unpriced};
use crate::run::account_store::{AccountStore, Budget};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub struct Reservations<'a> {
    pub policies: &'a Policies,
    stack: &'a StackName,
    team: Option<&'a TeamName>,
    place: Place<'a>,
    services: &'a dyn Services,
    /// Who asks: by AWS's word, or else by this machine's.
    pub by: String,
    /// Why a policy is to be passed over, where somebody says so.
    pub why: Option<&'a str>,
    opened: RefCell<BTreeMap<Key, Rc<OpenAccount<'a>>>>,
}

/// An account is a team's, in its home; none on this machine.
type Key = (TeamName, Option<Region>);

/// An account, and what is known of the place's clusters.
struct OpenAccount<'a> {
    account: TeamStore<'a>,
    records: Vec<Record>,
    seen: DateTime<Utc>,
}

/// What is taken from a month.
pub enum BudgetRequest {
    Nothing,
    /// By a cluster that there is, or by one to come.
    Money {
        cluster: Option<ClusterId>,
        ask: Box<CostBound>,
        overridden: Option<Override>,
    },
    /// It makes or changes a cluster of which no price is known.
    Unpriced,
}

/// A policy's month for a team.
#[derive(Debug, Serialize)]
pub struct PolicyMonth {
    pub team: TeamName,
    pub policy: PolicyName,
    #[serde(flatten)]
    pub figures: Figures,
}

/// What the months say of what is asked.
#[derive(Debug, Default)]
pub struct BudgetFindings {
    pub months: Vec<PolicyMonth>,
    pub findings: Vec<Finding>,
}

impl OpenAccount<'_> {
    fn account_store(&self) -> AccountStore<'_> {
        self.account.account_store(&self.records, self.seen)
    }
}

impl<'a> Reservations<'a> {
    /// # Errors
    /// That nobody can tell who asks, or that policies name two homes for one account.
    pub async fn open(
        policies: &'a Policies,
        (stack, team): (&'a StackName, Option<&'a TeamName>),
        place: Place<'a>,
        services: &'a dyn Services,
    ) -> Result<Self, OperationError> {
        let caller = match place.cloud.aws() {
            Some(aws) if !policies.is_empty() => Some(aws.identity().await?.arn),
            Some(_) | None => None,
        };
        let reservations = Self {
            policies,
            stack,
            team,
            place,
            services,
            by: caller.unwrap_or_else(|| services.who().to_owned()),
            why: None,
            opened: RefCell::default(),
        };
        accounts::home(&reservations.of_policies(), place.region)?;
        Ok(reservations)
    }

    /// The budgets that the policies at hand give the stack's team.
    pub fn of_policies(&self) -> Vec<TeamBudget> {
        self.given_by(self.policies)
    }

    pub fn given_by(&self, policies: &Policies) -> Vec<TeamBudget> {
        let Some(team) = self.team else {
            return Vec::new();
        };
        let of = policies.budgets(self.stack, Some(team)).into_iter();
        of.filter_map(|(policy, _)| TeamBudget::new(team, policy))
            .collect()
    }

    /// What the months say; nothing is written.
    pub(super) async fn weigh(
        &self,
        budgets: &[TeamBudget],
        asked: &BudgetRequest,
        now: DateTime<Utc>,
    ) -> Result<BudgetFindings, OperationError> {
        let (cluster, ask) = match asked {
            BudgetRequest::Nothing => return Ok(BudgetFindings::default()),
            BudgetRequest::Unpriced => {
                return Ok(BudgetFindings {
                    findings: unpriced_in(budgets),
                    ..BudgetFindings::default()
                });
            }
            BudgetRequest::Money { cluster, ask, .. } => (cluster, ask),
        };
        let reservation = self.reservation(cluster.clone(), (**ask).clone(), now);
        let mut weighed = BudgetFindings::default();
        for (key, budgets) in self.by_account(budgets) {
            let opened = self.opened(&key).await?;
            let account_store = opened.account_store();
            let said = account_store
                .weigh(&budgets, &reservation.ask, &reservation.key(), now)
                .await?;
            weighed.findings.extend(said.findings);
            let figured = |(policy, figures)| PolicyMonth {
                team: key.0.clone(),
                policy,
                figures,
            };
            weighed.months.extend(said.months.into_iter().map(figured));
        }
        Ok(weighed)
    }

    /// Sets aside what is asked for, in each account, before any of it is spent.
    ///
    /// # Errors
    /// That it does not fit into a month, or what keeps an account from being read or written.
    pub async fn reserve(
        &self,
        budgets: &[TeamBudget],
        asked: BudgetRequest,
    ) -> Result<(), OperationError> {
        let now = self.services.now();
        let passes = |findings: Vec<Finding>| match self.why {
            Some(_) => self.passed(findings),
            None => findings,
        };
        let accounts = self.by_account(budgets);
        if accounts.len() > 1 || matches!(asked, BudgetRequest::Unpriced) {
            // Where one account has no room, nothing is set aside in another.
            let weighed = self.weigh(budgets, &asked, now).await?;
            self.refuse(&passes(weighed.findings))?;
        }
        let BudgetRequest::Money {
            cluster,
            ask,
            overridden,
        } = asked
        else {
            return Ok(());
        };
        let reservation = Reservation {
            overridden,
            ..self.reservation(cluster, *ask, now)
        };
        for (key, budgets) in accounts {
            let opened = self.opened(&key).await?;
            let account_store = opened.account_store();
            opened
                .account
                .record_aws(&budgets, &account_store, now)
                .await?;
            let admission = account_store
                .admit(&budgets, &reservation, passes, now)
                .await?;
            self.services.reached(&admission.told, &key.0);
            self.refuse(&admission.findings)?;
        }
        Ok(())
    }

    /// The months of these budgets once their accounts are brought up to what there is now.
    ///
    /// # Errors
    /// What keeps an account from being read or written.
    pub async fn settled(
        &self,
        budgets: &[TeamBudget],
    ) -> Result<Vec<PolicyMonth>, OperationError> {
        let mut months = Vec::new();
        let now = self.services.now();
        for (key, budgets) in self.by_account(budgets) {
            let opened = self.opened(&key).await?;
            let team_account = opened.account.settle(&budgets, now).await?;
            months.extend(budgets.iter().map(|(policy, budget)| {
                let month = Month::of(now, budget.value.timezone);
                PolicyMonth {
                    team: key.0.clone(),
                    policy: policy.name.clone(),
                    figures: team_account.figures(&policy.name, month, &budget.value, None, now),
                }
            }));
        }
        Ok(months)
    }

    /// Findings, those marked that the caller may pass over. Only a policy that is for the stack
    /// can allow that: what is on record is not passed over by another policy of its name.
    pub(super) fn passed(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let for_stack = self.policies.of(self.stack, self.team);
        let is_own = |finding: &Finding| for_stack.iter().any(|it| it.name == finding.policy);
        let (own, others): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_own);
        let own = self.policies.passed(own, &self.by);
        own.into_iter().chain(others).collect()
    }

    /// Refuses what a finding denies.
    ///
    /// # Errors
    /// All that denies.
    pub fn refuse(&self, findings: &[Finding]) -> Result<(), Denied> {
        let denies = findings.iter().filter(|finding| finding.denies());
        let findings: Vec<Finding> = denies.cloned().collect();
        if findings.is_empty() {
            return Ok(());
        }
        Err(Denied {
            stack: self.stack.clone(),
            findings,
            overrider: self.why.map(|_| self.by.clone()),
        })
    }

    async fn opened(&self, key: &Key) -> Result<Rc<OpenAccount<'a>>, OperationError> {
        if let Some(opened) = self.opened.borrow().get(key) {
            return Ok(Rc::clone(opened));
        }
        let (team, home) = key;
        let account = TeamStore::open(team, home.as_ref(), self.place, self.services).await?;
        let seen = self.services.now();
        let records = account.records(seen).await?;
        let opened = Rc::new(OpenAccount {
            account,
            records,
            seen,
        });
        let mut all = self.opened.borrow_mut();
        all.insert(key.clone(), Rc::clone(&opened));
        Ok(opened)
    }

    fn by_account<'b>(&self, budgets: &'b [TeamBudget]) -> BTreeMap<Key, Vec<Budget<'b>>> {
        let mut all: BTreeMap<Key, Vec<Budget<'b>>> = BTreeMap::new();
        for budget in budgets {
            let (_, said) = budget.as_budget();
            let home = self.place.region.map(|_| said.value.home.clone());
            let key = (budget.team.clone(), home);
            all.entry(key).or_default().push(budget.as_budget());
        }
        all
    }

    fn reservation(
        &self,
        cluster: Option<ClusterId>,
        ask: CostBound,
        at: DateTime<Utc>,
    ) -> Reservation {
        Reservation {
            target: self.place.name(),
            account: None,
            stack: self.stack.clone(),
            by: self.services.who().to_owned(),
            at,
            cluster,
            ask,
            overridden: None,
        }
    }
}

/// What nobody can price fits into no month.
fn unpriced_in(budgets: &[TeamBudget]) -> Vec<Finding> {
    let of = |it: &TeamBudget| {
        let (policy, budget) = it.as_budget();
        unpriced(policy, budget, &it.team)
    };
    budgets.iter().map(of).collect()
}

/// The budgets at hand and those on record besides them. What is on record as it is at hand is
/// asked once; where the two differ, each of them has to hold.
pub fn both(at_hand: Vec<TeamBudget>, on_record: &[RecordedBudget]) -> Vec<TeamBudget> {
    let known: Vec<RecordedBudget> = at_hand.iter().map(TeamBudget::record).collect();
    let terms = |it: &RecordedBudget| (it.monthly, it.when_spent, it.timezone);
    let alike = |record: &RecordedBudget| {
        let mut all = known.iter();
        all.any(|it| it.is_same(record) && terms(it) == terms(record))
    };
    let besides = on_record.iter().filter(|record| !alike(record));
    let besides: Vec<_> = besides.map(TeamBudget::recorded).collect();
    at_hand.into_iter().chain(besides).collect()
}
