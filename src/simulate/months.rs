//! The accounts of teams while a history is played.

use crate::cost::ledger::{Record, Scope};
use crate::cost::meter::rate;
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::TeamName;
use crate::model::observed::{Cluster, ClusterState, End, EndReason};
use crate::model::policy::{Located, MonthlyBudget, Policy, WhenSpent};
use crate::model::span::Span;
use crate::policy::team_account::{Figures, Reservation, TeamAccount};
use crate::policy::{CostBound, Finding, Policies, overspent, unpriced};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Months<'a> {
    policies: &'a Policies,
    scope: Scope,
    accounts: BTreeMap<TeamName, TeamAccount>,
}

/// A month that is spent, whose policy ends running clusters then.
pub(super) struct SpentMonth {
    pub(super) end: End,
    /// How long after the warning.
    pub(super) grace: Span,
}

type Budget<'p> = (&'p Policy, &'p Located<MonthlyBudget>);
type Budgets<'p> = Vec<Budget<'p>>;

impl<'a> Months<'a> {
    pub(super) const fn new(policies: &'a Policies, scope: Scope) -> Self {
        Self {
            policies,
            scope,
            accounts: BTreeMap::new(),
        }
    }

    fn budgets(&self, cluster: &Cluster) -> Budgets<'a> {
        match &cluster.spec.team {
            Some(team) => self.policies.budgets(&cluster.stack, Some(team)),
            None => Vec::new(),
        }
    }

    fn account(&mut self, team: &TeamName) -> &mut TeamAccount {
        let new = || TeamAccount::new(team.clone());
        self.accounts.entry(team.clone()).or_insert_with(new)
    }

    /// The findings of its team's months about a cluster that is created now.
    pub(super) fn findings(&mut self, cluster: &Cluster, now: DateTime<Utc>) -> Vec<Finding> {
        let budgets = self.budgets(cluster);
        let Some(team) = cluster.spec.team.as_ref().filter(|_| !budgets.is_empty()) else {
            return Vec::new();
        };
        let key = cluster.id.to_string();
        let Some(ask) = CostBound::of(&cluster.spec, now) else {
            let of = |(policy, budget): &Budget<'_>| unpriced(policy, budget, team);
            return budgets.iter().map(of).collect();
        };
        let account = self.account(team);
        let of = |(policy, budget): &Budget<'_>| {
            let months = account.weigh(&policy.name, &budget.value, &ask, &key, now);
            let over = |figures: &Figures| overspent(policy, budget, team, figures);
            months.iter().filter_map(over).collect::<Vec<_>>()
        };
        budgets.iter().flat_map(of).collect()
    }

    /// Sets aside what a cluster can cost that is created now.
    pub(super) fn reserve(&mut self, cluster: &Cluster, now: DateTime<Utc>) {
        let team = cluster.spec.team.as_ref();
        let Some(team) = team.filter(|_| !self.budgets(cluster).is_empty()) else {
            return;
        };
        let Some(ask) = CostBound::of(&cluster.spec, now) else {
            return;
        };
        let reservation = Reservation {
            place: self.scope.place.clone(),
            account: None,
            stack: cluster.stack.clone(),
            by: String::new(),
            at: now,
            cluster: Some(cluster.id.clone()),
            ask,
            overridden: None,
        };
        self.account(team).reservation(reservation);
    }

    /// Replaces a reservation by the actual cost of a cluster that is over.
    pub(super) fn settle(&mut self, cluster: &Cluster, over_at: DateTime<Utc>) {
        let team = cluster.spec.team.as_ref();
        let Some(team) = team.filter(|_| !self.budgets(cluster).is_empty()) else {
            return;
        };
        let mut record = Record::of(&self.scope, cluster, over_at);
        record.state = ClusterState::Terminated;
        record.ended_at = Some(over_at);
        for span in &mut record.instance_spans {
            span.until = Some(span.until.map_or(over_at, |until| until.min(over_at)));
        }
        let scope = self.scope.clone();
        let account = self.account(team);
        account.reconcile(&scope, &[record], &BTreeSet::new(), over_at);
    }

    /// The budgets of a cluster's team that end running clusters once they are spent.
    fn ending(&self, cluster: &Cluster) -> Budgets<'a> {
        let mut budgets = self.budgets(cluster);
        budgets.retain(|(_, budget)| budget.value.when_spent == WhenSpent::Terminate);
        budgets
    }

    fn figures(
        &self,
        cluster: &Cluster,
        (policy, budget): Budget<'_>,
        now: DateTime<Utc>,
    ) -> Option<Figures> {
        let account = self.accounts.get(cluster.spec.team.as_ref()?)?;
        let month = Month::of(now, budget.value.timezone);
        Some(account.figures(&policy.name, month, &budget.value, None, now))
    }

    /// Whether the month of a running cluster is spent, and its policy ends it then.
    pub(super) fn spent(&self, cluster: &Cluster, now: DateTime<Utc>) -> Option<SpentMonth> {
        let of = |(policy, budget): Budget<'_>| {
            let figures = self.figures(cluster, (policy, budget), now)?;
            let end = || End {
                reason: EndReason::TeamBudget,
                message: format!("the monthly budget of policy {} is spent", policy.name).into(),
            };
            (figures.spent >= figures.budget).then(|| SpentMonth {
                end: end(),
                grace: policy.watchdog.warn_before,
            })
        };
        self.ending(cluster).into_iter().find_map(of)
    }

    /// Whether any policy ends running clusters once a month is spent.
    pub(super) fn end_clusters(&self) -> bool {
        let mut budgets = self.policies.iter().filter_map(|it| it.budget.as_ref());
        budgets.any(|budget| budget.value.when_spent == WhenSpent::Terminate)
    }

    /// When the month of a running cluster may be spent, if its team's clusters go on as now; `None`
    /// if no policy ends it then.
    pub(super) fn spent_at(&self, cluster: &Cluster, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let account = self.accounts.get(cluster.spec.team.as_ref()?)?;
        let living = account.reservations.values().map(|it| &it.ask);
        let hourly: Usd = living
            .map(|ask| rate(&ask.rates, &ask.instance_spans, now))
            .sum();
        let of = |budget: Budget<'_>| {
            let figures = self.figures(cluster, budget, now)?;
            let left = (figures.budget - figures.spent).max(Usd::ZERO).amount();
            let seconds = (left * Decimal::from(3_600)).checked_div(hourly.amount())?;
            let delta = TimeDelta::try_seconds(seconds.to_i64()?)?;
            now.checked_add_signed(delta)
        };
        self.ending(cluster).into_iter().filter_map(of).min()
    }
}
