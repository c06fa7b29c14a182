//! Admission: judges a plan by policies and team budgets, and records with the cluster what
//! applied.

use super::reservations::{BudgetRequest, PolicyMonth, Reservations};
use super::{AdmissionContext, Denied, OperationError};
use crate::model::action::Action;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use crate::model::plan::{Plan, Planned};
use crate::model::policy::Override;
use crate::model::recorded_budget::{RecordedBudget, renewed};
use crate::model::stack::Stack;
use crate::policy::{CostBound, Judgement, Policies, Price, Subject, TeamBudget};
use crate::run::driver::Prepared;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::cell::RefCell;

/// The policies and team budgets for a stack.
pub struct Admission<'a> {
    stack: &'a Stack,
    /// The reservations of the stack's team.
    pub reservations: Reservations<'a>,
    /// The budgets that the last judged plan counts against.
    budgets: RefCell<Vec<TeamBudget>>,
}

/// The judgement of a plan.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct PolicyReport {
    /// The judgement of policies and budgets.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The months that the plan counts against, with its request.
    pub months: Vec<PolicyMonth>,
    /// Whether the plan creates or changes something that needs admission.
    #[serde(skip)]
    asks: bool,
}

impl PolicyReport {
    /// Whether the plan must not be applied.
    pub const fn denies(&self) -> bool {
        self.asks && self.judgement.is_denied()
    }
}

impl<'a> Admission<'a> {
    /// `why` is the reason for overriding policies, if one is given.
    ///
    /// # Errors
    /// Returns the errors of [`Reservations::open`].
    pub async fn open(
        context: AdmissionContext<'a>,
        stack: &'a Stack,
        why: Option<&'a str>,
    ) -> Result<Self, OperationError> {
        let subject = (&stack.name, stack.team.as_ref());
        let mut reservations = Reservations::open(context, subject).await?;
        reservations.why = why;
        Ok(Self {
            stack,
            reservations,
            budgets: RefCell::default(),
        })
    }

    /// Judges a plan by policies and budgets; `None` if there are neither. Overrides, and the
    /// budgets that the cluster counts against, are recorded with the cluster.
    ///
    /// # Errors
    /// Returns an error if an account cannot be read.
    pub async fn judge(
        &self,
        prepared: &mut Prepared,
    ) -> Result<Option<PolicyReport>, OperationError> {
        let reservations = &self.reservations;
        let policies = self.reservations.policies;
        let record = self.record(prepared);
        let budgets: Vec<TeamBudget> = self.applicable_budgets(&record);
        self.budgets.replace(budgets.clone());
        if policies.is_empty() && budgets.is_empty() {
            return Ok(None);
        }
        let now = prepared.observed.at;
        let spec = &prepared.desired.cluster;
        let subject = Subject {
            stack: self.stack,
            price: Price::ahead(
                &spec.guardrails,
                &spec.groups,
                spec.rates.clone(),
                spec.ending,
                now,
            ),
            by: &reservations.by,
        };
        let judgement = policies.judge(&subject);
        let weighed = reservations
            .weigh(&budgets, &asked(prepared, now), now)
            .await?;
        let mut judgement = judgement.with(weighed.findings);
        if reservations.why.is_some() {
            let findings = reservations.passed(judgement.findings);
            judgement = Judgement::of(judgement.policies, findings, judgement.bounds);
        }
        let asks = prepared.plan.actions.iter().any(|p| p.action.asks());
        if !judgement.is_denied() {
            renew(prepared, &record);
        }
        self.mark(&mut prepared.plan, &judgement, &record);
        Ok(Some(PolicyReport {
            judgement,
            months: weighed.months,
            asks,
        }))
    }

    /// Refuses a plan that a policy denies.
    ///
    /// # Errors
    /// Returns all findings that deny it.
    pub fn refuse(&self, report: Option<&PolicyReport>) -> Result<(), Denied> {
        match report.filter(|report| report.denies()) {
            Some(report) => self.reservations.refuse(&report.judgement.findings),
            None => Ok(()),
        }
    }

    /// Reserves the money that a judged plan requests, before any of it is spent.
    ///
    /// # Errors
    /// Returns the errors of [`Reservations::reserve`].
    pub async fn reserve(
        &self,
        prepared: &Prepared,
        now: DateTime<Utc>,
    ) -> Result<(), OperationError> {
        let budgets = self.budgets.borrow().clone();
        self.reservations
            .reserve(&budgets, asked(prepared, now))
            .await
    }

    /// The budgets that a cluster of this stack counts against under the current policies.
    pub fn budgets(&self, policies: &Policies) -> Vec<TeamBudget> {
        let given = self.reservations.given_by(policies);
        let had: Vec<_> = self
            .budgets
            .borrow()
            .iter()
            .map(TeamBudget::record)
            .collect();
        beside(given, &had)
    }

    /// The budgets to record with the cluster that the plan creates or changes, or that lives.
    fn record(&self, prepared: &Prepared) -> Vec<RecordedBudget> {
        let given = self.reservations.of_policies();
        let given: Vec<_> = given.iter().map(TeamBudget::record).collect();
        let live = prepared.observed.live();
        let had = live.map_or(&[][..], |cluster| &cluster.spec.budgets);
        let makes = |planned: &Planned| matches!(planned.action, Action::CreateCluster(..));
        // A new cluster counts for its own team. If that team has no known budgets, the cluster
        // replaces the old one in the recorded budgets.
        if prepared.plan.actions.iter().any(makes) && !given.is_empty() {
            given
        } else {
            renewed(had, &given)
        }
    }

    fn applicable_budgets(&self, record: &[RecordedBudget]) -> Vec<TeamBudget> {
        beside(self.reservations.of_policies(), record)
    }

    fn mark(&self, plan: &mut Plan, judgement: &Judgement, record: &[RecordedBudget]) {
        let passed = judgement.findings.iter().any(|finding| finding.overridden);
        let why = self.reservations.why.filter(|_| passed);
        for planned in &mut plan.actions {
            if let Action::CreateCluster(spec, _) | Action::UpdateCluster(_, spec) =
                &mut planned.action
            {
                spec.budgets = record.to_vec();
                if let Some(why) = why {
                    spec.overridden = Some(Override {
                        by: self.reservations.by.clone(),
                        why: why.to_owned(),
                    });
                }
            }
        }
    }
}

/// The given budgets, and the recorded ones of other policies, teams or homes.
fn beside(given: Vec<TeamBudget>, record: &[RecordedBudget]) -> Vec<TeamBudget> {
    let known: Vec<RecordedBudget> = given.iter().map(TeamBudget::record).collect();
    let other = |record: &&RecordedBudget| !known.iter().any(|it| it.is_same(record));
    let others = record.iter().filter(other).map(TeamBudget::recorded);
    let others: Vec<_> = others.collect();
    given.into_iter().chain(others).collect()
}

/// Renews the record of a living cluster if nothing else of it changes.
fn renew(prepared: &mut Prepared, record: &[RecordedBudget]) {
    let is_there = |cluster: &&Cluster| cluster.attended && cluster.spec.rates.is_some();
    let Some(cluster) = prepared.observed.live().filter(is_there) else {
        return;
    };
    let of_cluster = |planned: &Planned| {
        matches!(
            planned.action,
            Action::CreateCluster(..)
                | Action::StartCluster(_)
                | Action::UpdateCluster(..)
                | Action::TerminateCluster(..)
        )
    };
    let plan = &mut prepared.plan;
    if cluster.spec.budgets == record || plan.actions.iter().any(of_cluster) {
        return;
    }
    let what = format!("cluster {}", cluster.id);
    plan.settled.retain(|settled| settled.what != what);
    let mut spec = Box::new(prepared.desired.cluster.clone());
    spec.rates.clone_from(&cluster.spec.rates);
    spec.overridden.clone_from(&cluster.spec.overridden);
    let because = "the cluster's monthly budget is not recorded with it yet".to_owned();
    plan.actions.push(Planned {
        action: Action::UpdateCluster(cluster.id.clone(), spec),
        because,
        asks: false,
    });
}

/// What a plan takes from a month.
fn asked(prepared: &Prepared, now: DateTime<Utc>) -> BudgetRequest {
    let clusters = &prepared.observed.clusters;
    let of = |id: &ClusterId| clusters.iter().find(|cluster| cluster.id == *id);
    let asks = |planned: &Planned| {
        if let Action::CreateCluster(spec, _) = &planned.action {
            return Some((None, CostBound::of(spec, now), spec.overridden.clone()));
        }
        if let Action::UpdateCluster(id, spec) = &planned.action {
            let ask = of(id).and_then(|cluster| CostBound::change(cluster, spec, now));
            return Some((Some(id.clone()), ask, spec.overridden.clone()));
        }
        None
    };
    match prepared.plan.actions.iter().find_map(asks) {
        None => BudgetRequest::Nothing,
        Some((_, None, _)) => BudgetRequest::Unpriced,
        Some((cluster, Some(ask), overridden)) => BudgetRequest::Money {
            cluster,
            ask: Box::new(ask),
            overridden,
        },
    }
}
