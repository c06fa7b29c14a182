//! A team's account: what its clusters have cost and may still cost, month by month. It is stored
//! as one object, which is written back only if nobody has changed it since it was read.

use super::cost_bound::CostBound;
use super::spent::spent_figure;
use crate::cost::ledger::{self, Record, Scope, Window};
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::{ClusterId, PolicyName, StackName, TeamName};
use crate::model::percent::Percent;
use crate::model::place::Place;
use crate::model::policy::{Located, MonthlyBudget, Override, Policy};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The account of one team's month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamAccount {
    /// The format's version.
    version: u32,
    /// The team.
    pub team: TeamName,
    /// Reservations by place and stack, or by cluster id once the cluster exists.
    #[serde(rename = "promises")]
    pub reservations: BTreeMap<String, Reservation>,
    /// The final records of ended clusters, kept for as long as a listing may still report them.
    settled: BTreeMap<ClusterId, Record>,
    /// The highest share of each policy's budget that was reported, by month.
    #[serde(rename = "told")]
    reported: BTreeMap<Month, BTreeMap<PolicyName, Percent>>,
    /// What AWS Budgets reported for the month, by policy.
    #[serde(default)]
    pub aws: BTreeMap<PolicyName, Actual>,
    /// When AWS Budgets was last read.
    #[serde(default, rename = "aws_asked_at")]
    aws_read_at: Option<DateTime<Utc>>,
}

/// What AWS Budgets has counted in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actual {
    /// The month.
    pub month: Month,
    /// Dollars.
    #[serde(default, skip_serializing_if = "Usd::is_zero")]
    pub usd: Usd,
    /// When AWS Budgets was read.
    pub at: DateTime<Utc>,
}

/// Money that is set aside for a cluster until it has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reservation {
    /// Where the cluster is, or will be.
    #[serde(rename = "target")]
    pub place: Place,
    /// The AWS account; `None` on this machine.
    pub account: Option<String>,
    /// The stack.
    pub stack: StackName,
    /// The caller who reserved it.
    pub by: String,
    /// When it was reserved.
    pub at: DateTime<Utc>,
    /// `None` until the cluster has been listed.
    pub cluster: Option<ClusterId>,
    /// The most that the cluster can still cost, and by when.
    pub ask: CostBound,
    /// The override under which the cluster was admitted, if any.
    pub overridden: Option<Override>,
}

/// The money of a month under one budget, in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Figures {
    /// The month.
    pub month: Month,
    /// The budget.
    pub budget: Usd,
    /// What clusters have cost by our records.
    pub counted: Usd,
    /// What clusters have cost by AWS Budgets, if known.
    pub aws: Option<Usd>,
    /// The figure of the two that is used.
    pub spent: Usd,
    /// What running clusters may still cost.
    #[serde(rename = "promised")]
    pub reserved: Usd,
    /// What the request adds.
    pub asked: Usd,
}

const VERSION: u32 = 1;

/// How long after its reservation a cluster may be missing from listings.
const UNSEEN: TimeDelta = TimeDelta::minutes(10);

/// EMR lists ended clusters for two months (EMR API, ListClusters).
const KEPT: TimeDelta = TimeDelta::days(70);

/// AWS updates its budgets up to three times a day (AWS Cost Management User Guide, Budgets).
const AWS_EVERY: TimeDelta = TimeDelta::hours(6);
const AWS_LAG: TimeDelta = TimeDelta::hours(36);

/// The maximum difference of two machines' clocks.
const SKEW: TimeDelta = TimeDelta::minutes(5);

impl Figures {
    /// Whether the budget covers what is spent, reserved and requested.
    pub fn fits(&self) -> bool {
        self.spent + self.reserved + self.asked <= self.budget
    }

    /// What is neither spent nor reserved; negative if the month is overspent.
    pub fn left(&self) -> Usd {
        self.budget - self.spent - self.reserved
    }
}

impl Figures {
    /// When the month's money is spent if spending goes on at the average rate so far; `None` if it
    /// lasts the month, or if nothing is left.
    pub fn exhausted_at(&self, month: Window, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let elapsed = Decimal::from((now - month.from).num_seconds().max(1));
        let left = self.budget - self.spent;
        if self.spent <= Usd::ZERO || left <= Usd::ZERO {
            return None;
        }
        let seconds = left.amount() * elapsed / self.spent.amount();
        let at = now.checked_add_signed(TimeDelta::try_seconds(seconds.to_i64()?)?)?;
        (at < month.until).then_some(at)
    }
}

impl Reservation {
    /// The key under which the account keeps it: the cluster id, or place and stack.
    pub fn key(&self) -> String {
        match &self.cluster {
            Some(id) => id.to_string(),
            None => format!("{}/{}", self.place, self.stack),
        }
    }

    fn is_of(&self, scope: &Scope) -> bool {
        let account = self.account.as_ref().zip(scope.account.as_ref());
        self.place == scope.place && account.is_none_or(|(own, its)| own == its)
    }

    /// Dollars of the reservation that are spent within a window.
    pub(super) fn spent(&self, window: Window, now: DateTime<Utc>) -> Usd {
        match self.cluster {
            Some(_) => self.ask.spent(window, now),
            None => Usd::ZERO,
        }
    }
}

/// The window of a month in the budget's timezone.
pub fn window(month: Month, budget: &MonthlyBudget) -> Window {
    Window {
        from: month.begins(budget.timezone),
        until: month.next().begins(budget.timezone),
    }
}

impl TeamAccount {
    /// An empty account.
    pub const fn new(team: TeamName) -> Self {
        Self {
            version: VERSION,
            team,
            reservations: BTreeMap::new(),
            settled: BTreeMap::new(),
            reported: BTreeMap::new(),
            aws: BTreeMap::new(),
            aws_read_at: None,
        }
    }

    /// Whether AWS Budgets should be read again; its figures change only every few hours.
    pub fn aws_is_due(&self, now: DateTime<Utc>) -> bool {
        self.aws_read_at.is_none_or(|at| now - at >= AWS_EVERY)
    }

    /// Records what AWS Budgets reports for each policy's budget. A report of the month's first day
    /// is ignored, as it may still be about the month before.
    pub fn record_aws(
        &mut self,
        amounts: &BTreeMap<PolicyName, Usd>,
        budgets: &[(&Policy, &Located<MonthlyBudget>)],
        now: DateTime<Utc>,
    ) {
        self.aws_read_at = Some(now);
        for (policy, budget) in budgets {
            let month = Month::of(now, budget.value.timezone);
            let begun = month.begins(budget.value.timezone) + AWS_LAG;
            let usd = amounts.get(&policy.name).filter(|_| now >= begun);
            match usd {
                Some(usd) => {
                    let actual = Actual {
                        month,
                        usd: *usd,
                        at: now,
                    };
                    self.aws.insert(policy.name.clone(), actual);
                }
                None => {
                    self.aws.remove(&policy.name);
                }
            }
        }
    }

    /// Whether this version of clusterup knows the account's format.
    pub const fn is_known(&self) -> bool {
        self.version == VERSION
    }

    /// The final record of each ended cluster.
    pub fn settled_records(&self) -> impl Iterator<Item = &Record> {
        self.settled.values()
    }

    /// The figures of a month with a request; `instead` is the key of the reservation that it
    /// replaces.
    pub fn figures(
        &self,
        policy: &PolicyName,
        month: Month,
        budget: &MonthlyBudget,
        ask: Option<(&CostBound, &str)>,
        now: DateTime<Utc>,
    ) -> Figures {
        let window = window(month, budget);
        let settled = self.settled.values();
        let over: Usd = settled
            .filter_map(|record| ledger::spent(record, window, now))
            .sum();
        let replaced = |key: &str| ask.is_some_and(|(_, instead)| instead == key);
        let mut spent = over;
        let mut reserved = Usd::ZERO;
        for (key, reservation) in &self.reservations {
            let so_far = reservation.spent(window, now);
            spent = spent + so_far;
            if !replaced(key) {
                reserved = reserved + (reservation.ask.worst(window) - so_far).max(Usd::ZERO);
            }
        }
        let asked = ask.map_or(Usd::ZERO, |(ask, instead)| {
            let so_far = self.reservations.get(instead);
            let so_far = so_far.map_or(Usd::ZERO, |reservation| reservation.spent(window, now));
            (ask.worst(window) - so_far).max(Usd::ZERO)
        });
        let aws = self.aws.get(policy).filter(|actual| actual.month == month);
        let aws = aws.map(|actual| actual.usd);
        Figures {
            month,
            budget: budget.monthly,
            counted: spent,
            aws,
            spent: spent_figure(spent, aws),
            reserved,
            asked,
        }
    }

    /// The figures of each month that the request reaches into.
    pub fn weigh(
        &self,
        policy: &PolicyName,
        budget: &MonthlyBudget,
        ask: &CostBound,
        instead: &str,
        now: DateTime<Utc>,
    ) -> Vec<Figures> {
        let last = Month::of(ask.ends_by.max(now), budget.timezone);
        let mut month = Month::of(now, budget.timezone);
        let mut all = Vec::new();
        while month <= last {
            all.push(self.figures(policy, month, budget, Some((ask, instead)), now));
            month = month.next();
        }
        all
    }

    /// Sets money aside, replacing a reservation of the same key.
    pub fn reservation(&mut self, reservation: Reservation) {
        self.reservations.insert(reservation.key(), reservation);
    }

    /// Removes the reservation of a cluster that does not count after all.
    pub fn give_back(&mut self, cluster: &ClusterId) {
        self.reservations.remove(cluster.as_str());
    }

    /// Updates the account with the records of the team's clusters in one place. A reservation
    /// without a cluster is released once nobody has a lease on its stack; `held` are the stacks
    /// with a lease.
    pub fn reconcile(
        &mut self,
        scope: &Scope,
        records: &[Record],
        held: &BTreeSet<StackName>,
        now: DateTime<Utc>,
    ) {
        for record in records {
            if !record.counts_for(&self.team) {
                // A cluster that moved to another team is in that team's account. A new one may not
                // be listed yet.
                let old = |reservation: &Reservation| now - reservation.at >= UNSEEN;
                if self.reservations.get(record.id.as_str()).is_some_and(old) {
                    self.reservations.remove(record.id.as_str());
                }
                continue;
            }
            let record = &self.priced(record);
            match record.gone_at() {
                Some(gone) if gone < now - KEPT => {}
                Some(_) if record.is_final() => self.settle(record),
                // The listing may be older than an end that is already recorded.
                Some(_) | None if self.settled.contains_key(&record.id) => {}
                Some(_) | None => self.stand(record, now),
            }
        }
        self.reservations.retain(|_, reservation| {
            let kept = reservation.cluster.is_some() || held.contains(&reservation.stack);
            !reservation.is_of(scope) || kept || now - reservation.at < UNSEEN
        });
        let gone = |record: &Record| record.gone_at();
        self.settled
            .retain(|_, record| gone(record).is_none_or(|gone| gone >= now - KEPT));
        self.reservations
            .retain(|_, reservation| reservation.ask.ends_by >= now - KEPT);
    }

    /// The stacks of one place with a reservation so old that its cluster must be listed by now,
    /// and is not.
    pub fn unseen(&self, scope: &Scope, now: DateTime<Utc>) -> BTreeSet<StackName> {
        let reservations = self.reservations.values();
        reservations
            .filter(|reservation| reservation.cluster.is_none() && reservation.is_of(scope))
            .filter(|reservation| now - reservation.at >= UNSEEN)
            .map(|reservation| reservation.stack.clone())
            .collect()
    }

    /// The record with the rates of its reservation if it has none of its own.
    fn priced(&self, record: &Record) -> Record {
        let reservation = self.reserved(record);
        let settled = self.settled.get(&record.id);
        let reserved = reservation.map(|(_, reservation)| reservation.ask.rates.clone());
        let known = reserved.or_else(|| settled?.rates.clone());
        Record {
            rates: record.rates.clone().or(known),
            ..record.clone()
        }
    }

    fn settle(&mut self, record: &Record) {
        self.take(record);
        let mut record = record.clone();
        record.steps.clear();
        self.settled.insert(record.id.clone(), record);
    }

    fn stand(&mut self, record: &Record, now: DateTime<Utc>) {
        let taken = self.take(record);
        let recorded = CostBound::recorded(record);
        // If no price is known now, the reservation stays as it is.
        let Some(mut ask) = recorded.or_else(|| Some(taken.as_ref()?.ask.clone())) else {
            return;
        };
        let mut overridden = record.overridden.clone();
        let mut by = record.owner.clone();
        let mut at = record.created_at;
        if let Some(taken) = taken {
            ask.besides = taken.ask.besides;
            // Money for a change is reserved before the change shows in listings.
            let change = taken.cluster.is_some() && now - taken.at < UNSEEN;
            if change && taken.ask.whole() > ask.whole() {
                ask = taken.ask;
            }
            overridden = overridden.or(taken.overridden);
            by = by.or(Some(taken.by));
            at = taken.at;
        }
        self.reservation(Reservation {
            place: record.place.clone(),
            account: record.account.clone(),
            stack: record.stack.clone(),
            by: by.unwrap_or_default(),
            at: at.min(now),
            cluster: Some(record.id.clone()),
            ask,
            overridden,
        });
    }

    /// Removes and returns the reservation of a cluster.
    fn take(&mut self, record: &Record) -> Option<Reservation> {
        let key = self.reserved(record)?.0;
        self.reservations.remove(&key)
    }

    fn reserved(&self, record: &Record) -> Option<(String, &Reservation)> {
        let own = self.reservations.get(record.id.as_str());
        if own.is_some() || self.settled.contains_key(&record.id) {
            return Some((record.id.to_string(), own?));
        }
        let key = format!("{}/{}", record.place, record.stack);
        let fits = |reservation: &Reservation| {
            let lived_on = record.gone_at().is_none_or(|gone| gone > reservation.at);
            reservation.at <= record.created_at + SKEW && lived_on
        };
        let reservation = self
            .reservations
            .get(&key)
            .filter(|reservation| fits(reservation))?;
        Some((key, reservation))
    }

    /// The highest share of a budget that is reached and not reported yet; marks it as reported.
    pub fn tell(
        &mut self,
        policy: &PolicyName,
        budget: &MonthlyBudget,
        figures: &Figures,
    ) -> Option<Percent> {
        let whole = Percent::WHOLE;
        let shares = budget.notify_at.iter().copied().chain([whole]);
        let reached = shares.filter(|share| figures.spent >= share.of(figures.budget));
        let highest = reached.max()?;
        let reported = self.reported.entry(figures.month).or_default();
        if reported.get(policy).is_some_and(|share| *share >= highest) {
            return None;
        }
        reported.insert(policy.clone(), highest);
        Some(highest)
    }

    /// Forgets the reported shares of months before `month`.
    pub fn forget_before(&mut self, month: Month) {
        self.reported.retain(|reported, _| *reported >= month);
    }
}
