//! The money of a stack's team: requested from its months, reserved, and settled. The budgets are
//! those of the loaded policies and those recorded with the living cluster.

use super::accounts::{self, TeamStore};
use super::{AdmissionContext, Denied, OpenPlace, OperationError, Services};
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

/// The reservations of a stack's team in its months.
pub struct Reservations<'a> {
    /// The loaded policies.
    pub policies: &'a Policies,
    stack: &'a StackName,
    team: Option<&'a TeamName>,
    place: OpenPlace<'a>,
    services: &'a dyn Services,
    /// The caller: on AWS an ARN, on this machine `user@host`.
    pub by: String,
    /// The reason for overriding a policy, if one is given.
    pub why: Option<&'a str>,
    opened: RefCell<BTreeMap<Key, Rc<OpenAccount<'a>>>>,
}

/// An account by team and home region; `None` for this machine.
type Key = (TeamName, Option<Region>);

/// An account, and the records of the place's clusters.
struct OpenAccount<'a> {
    account: TeamStore<'a>,
    records: Vec<Record>,
    seen: DateTime<Utc>,
}

/// What is taken from a month.
pub enum BudgetRequest {
    /// Nothing.
    Nothing,
    /// Money for an existing or a new cluster.
    Money {
        /// The cluster; `None` if it is new.
        cluster: Option<ClusterId>,
        /// The most that it can still cost, and by when.
        ask: Box<CostBound>,
        /// The override under which it is admitted, if any.
        overridden: Option<Override>,
    },
    /// An unknown amount: a price of the cluster is missing.
    Unpriced,
}

/// A team's month under a policy.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct PolicyMonth {
    /// The team.
    pub team: TeamName,
    /// The policy.
    pub policy: PolicyName,
    /// The month's figures in dollars.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The findings of the months about a request.
#[derive(Debug, Default)]
pub struct BudgetFindings {
    /// The months that the request reaches into.
    pub months: Vec<PolicyMonth>,
    /// The reasons against it.
    pub findings: Vec<Finding>,
}

impl OpenAccount<'_> {
    fn account_store(&self) -> AccountStore<'_> {
        self.account.account_store(&self.records, self.seen)
    }
}

impl<'a> Reservations<'a> {
    /// Opens the reservations for a stack.
    ///
    /// # Errors
    /// Returns an error if the caller is unknown, or if policies name different homes for one
    /// account.
    pub async fn open(
        context: AdmissionContext<'a>,
        (stack, team): (&'a StackName, Option<&'a TeamName>),
    ) -> Result<Self, OperationError> {
        let AdmissionContext {
            policies,
            place,
            services,
        } = context;
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
        accounts::home(&reservations.of_policies(), place.at.region())?;
        Ok(reservations)
    }

    /// The budgets that the loaded policies give the stack's team.
    pub fn of_policies(&self) -> Vec<TeamBudget> {
        self.given_by(self.policies)
    }

    /// The budgets that policies give the stack's team.
    pub fn given_by(&self, policies: &Policies) -> Vec<TeamBudget> {
        let Some(team) = self.team else {
            return Vec::new();
        };
        let of = policies.budgets(self.stack, Some(team)).into_iter();
        of.filter_map(|(policy, _)| TeamBudget::new(team, policy))
            .collect()
    }

    /// Weighs a request against the months, without writing anything.
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
            let message = account_store
                .weigh(&budgets, &reservation.ask, &reservation.key(), now)
                .await?;
            weighed.findings.extend(message.findings);
            let figured = |(policy, figures)| PolicyMonth {
                team: key.0.clone(),
                policy,
                figures,
            };
            weighed
                .months
                .extend(message.months.into_iter().map(figured));
        }
        Ok(weighed)
    }

    /// Reserves the requested money in each account, before any of it is spent.
    ///
    /// # Errors
    /// Returns an error if it does not fit into a month, or if an account cannot be read or
    /// written.
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
            // If one account has no room, nothing is reserved in the others.
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
            self.services.reached(&admission.reached_shares, &key.0);
            self.refuse(&admission.findings)?;
        }
        Ok(())
    }

    /// Gives back what is reserved for a cluster in the accounts of these budgets.
    ///
    /// # Errors
    /// Returns an error if an account cannot be read or written.
    pub async fn give_back(
        &self,
        budgets: &[TeamBudget],
        cluster: &ClusterId,
    ) -> Result<(), OperationError> {
        for key in self.by_account(budgets).into_keys() {
            let opened = self.opened(&key).await?;
            opened.account_store().give_back(cluster).await?;
        }
        Ok(())
    }

    /// The months of these budgets, after settling their accounts.
    ///
    /// # Errors
    /// Returns an error if an account cannot be read or written.
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

    /// Marks the findings that the caller may override. Only a policy that applies to the stack can
    /// permit that: a recorded budget is not overridden by another policy of the same name.
    pub(super) fn passed(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let for_stack = self.policies.of(self.stack, self.team);
        let is_own = |finding: &Finding| for_stack.iter().any(|it| it.name == finding.policy);
        let (own, others): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_own);
        let own = self.policies.passed(own, &self.by);
        own.into_iter().chain(others).collect()
    }

    /// Refuses if a finding denies.
    ///
    /// # Errors
    /// Returns all findings that deny.
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
            let (_, message) = budget.as_budget();
            let home = self.place.at.region().map(|_| message.value.home.clone());
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
            place: self.place.at.clone(),
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

/// An unknown cost fits into no month.
fn unpriced_in(budgets: &[TeamBudget]) -> Vec<Finding> {
    let of = |it: &TeamBudget| {
        let (policy, budget) = it.as_budget();
        unpriced(policy, budget, &it.team)
    };
    budgets.iter().map(of).collect()
}

/// The given budgets, and the recorded ones that differ from them. If a recorded budget equals a
/// given one it is checked once; if they differ, both apply.
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
