//! A team's account: what its clusters have cost and may yet cost, month by month. It is one object
//! that is read, changed by these functions, and written back only if nobody else has meanwhile.

use super::cost_bound::CostBound;
use super::spent::spent_figure;
use crate::cost::ledger::{self, Record, Scope, Window};
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::{ClusterId, PolicyName, StackName, TeamName};
use crate::model::percent::Percent;
use crate::model::policy::{Located, MonthlyBudget, Override, Policy};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamAccount {
    /// Of this format.
    version: u32,
    pub team: TeamName,
    /// By place and stack until there is a cluster, then by the cluster.
    #[serde(rename = "promises")]
    pub reservations: BTreeMap<String, Reservation>,
    /// Clusters that are over, for as long as anybody may tell of them again.
    settled: BTreeMap<ClusterId, Record>,
    /// The highest share of each policy's budget that was told of.
    told: BTreeMap<Month, BTreeMap<PolicyName, Percent>>,
    /// What AWS says of the month, where somebody asked it.
    #[serde(default)]
    pub aws: BTreeMap<PolicyName, Actual>,
    /// When AWS was asked last.
    #[serde(default)]
    aws_asked_at: Option<DateTime<Utc>>,
}

/// What AWS has counted in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actual {
    pub month: Month,
    #[serde(default, skip_serializing_if = "Usd::is_zero")]
    pub usd: Usd,
    /// When AWS was asked.
    pub at: DateTime<Utc>,
}

/// Money that is set aside for a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub target: String,
    pub account: Option<String>,
    pub stack: StackName,
    pub by: String,
    pub at: DateTime<Utc>,
    /// None until the cluster was seen.
    pub cluster: Option<ClusterId>,
    pub ask: CostBound,
    pub overridden: Option<Override>,
}

/// A month's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub month: Month,
    pub budget: Usd,
    /// By what has run, as we count it.
    pub counted: Usd,
    /// The same as AWS counts it, where it is known.
    pub aws: Option<Usd>,
    /// What is believed of the two.
    pub spent: Usd,
    /// What that which runs may yet cost.
    #[serde(rename = "promised")]
    pub reserved: Usd,
    /// What this asks for.
    pub asked: Usd,
}

const VERSION: u32 = 1;

/// How long after its promise a cluster may not be listed yet.
const UNSEEN: TimeDelta = TimeDelta::minutes(10);

/// EMR tells of what is over for two months (EMR API, ListClusters).
const KEPT: TimeDelta = TimeDelta::days(70);

/// AWS reckons its budgets up to three times a day (AWS Cost Management User Guide, Budgets).
const AWS_EVERY: TimeDelta = TimeDelta::hours(6);
const AWS_LAG: TimeDelta = TimeDelta::hours(36);

/// Clocks of two machines differ by less.
const SKEW: TimeDelta = TimeDelta::minutes(5);

impl Figures {
    pub fn fits(&self) -> bool {
        self.spent + self.reserved + self.asked <= self.budget
    }

    /// What is neither spent nor promised; less than nothing where the month is overspent.
    pub fn left(&self) -> Usd {
        self.budget - self.spent - self.reserved
    }
}

impl Figures {
    /// When the month's money is spent if it goes on as since the month began; none where it lasts
    /// the month, or where nothing is left already.
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
    /// What it is kept under.
    pub fn key(&self) -> String {
        match &self.cluster {
            Some(id) => id.to_string(),
            None => format!("{}/{}", self.target, self.stack),
        }
    }

    fn is_of(&self, scope: &Scope) -> bool {
        let account = self.account.as_ref().zip(scope.account.as_ref());
        self.target == scope.target && account.is_none_or(|(own, its)| own == its)
    }

    /// Dollars of it within a window that are spent.
    pub(super) fn spent(&self, window: Window, now: DateTime<Utc>) -> Usd {
        match self.cluster {
            Some(_) => self.ask.spent(window, now),
            None => Usd::ZERO,
        }
    }
}

/// The window of a month under a budget.
pub fn window(month: Month, budget: &MonthlyBudget) -> Window {
    Window {
        from: month.begins(budget.timezone),
        until: month.next().begins(budget.timezone),
    }
}

impl TeamAccount {
    pub const fn new(team: TeamName) -> Self {
        Self {
            version: VERSION,
            team,
            reservations: BTreeMap::new(),
            settled: BTreeMap::new(),
            told: BTreeMap::new(),
            aws: BTreeMap::new(),
            aws_asked_at: None,
        }
    }

    /// Whether it is time to hear AWS on the month: its figures are hours old anyway.
    pub fn asks_aws(&self, now: DateTime<Utc>) -> bool {
        self.aws_asked_at.is_none_or(|at| now - at >= AWS_EVERY)
    }

    /// Takes down what AWS says that policies' budgets have come to by now. What it says on the
    /// first day of a month may still be of the month before, and counts for nothing.
    pub fn hear_aws(
        &mut self,
        said: &BTreeMap<PolicyName, Usd>,
        budgets: &[(&Policy, &Located<MonthlyBudget>)],
        now: DateTime<Utc>,
    ) {
        self.aws_asked_at = Some(now);
        for (policy, budget) in budgets {
            let month = Month::of(now, budget.value.timezone);
            let begun = month.begins(budget.value.timezone) + AWS_LAG;
            let usd = said.get(&policy.name).filter(|_| now >= begun);
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

    /// Whether this clusterup knows all that is in it.
    pub const fn is_known(&self) -> bool {
        self.version == VERSION
    }

    /// The final record of each cluster that is over.
    pub fn settled_records(&self) -> impl Iterator<Item = &Record> {
        self.settled.values()
    }

    /// A month's money, with what is asked for; `instead` of a promise that it takes the place of.
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
            spent: spent_figure(spent, aws).usd,
            reserved,
            asked,
        }
    }

    /// The same for each month that what is asked for reaches into.
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

    /// Sets money aside, in place of what was set aside for the same.
    pub fn reservation(&mut self, reservation: Reservation) {
        self.reservations.insert(reservation.key(), reservation);
    }

    /// Brings the account up to what is known of the team's clusters in one place. A promise of
    /// which nothing came is given back once its stack is in nobody's hands: `held` are those in
    /// somebody's.
    pub fn reconcile(
        &mut self,
        scope: &Scope,
        records: &[Record],
        held: &BTreeSet<StackName>,
        now: DateTime<Utc>,
    ) {
        for record in records {
            if !record.counts_for(&self.team) {
                // One that went over to another team is in that team's account, whole.
                // One that is about to come may not be told of yet.
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
                // A listing may be older than the end that somebody else has seen.
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

    /// The stacks of one place that money was set aside for so long ago that their clusters have to
    /// be there, and are not.
    pub fn unseen(&self, scope: &Scope, now: DateTime<Utc>) -> BTreeSet<StackName> {
        let reservations = self.reservations.values();
        reservations
            .filter(|reservation| reservation.cluster.is_none() && reservation.is_of(scope))
            .filter(|reservation| now - reservation.at >= UNSEEN)
            .map(|reservation| reservation.stack.clone())
            .collect()
    }

    /// A cluster that has lost its prices costs what it was promised at.
    fn priced(&self, record: &Record) -> Record {
        let reservation = self.reserved(record);
        let settled = self.settled.get(&record.id);
        let reserved = reservation.map(|(_, reservation)| reservation.ask.rates);
        let known = reserved.or_else(|| settled?.rates);
        Record {
            rates: record.rates.or(known),
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
        // Of what nobody can price now, what was promised stays promised.
        let Some(mut ask) = recorded.or_else(|| Some(taken.as_ref()?.ask.clone())) else {
            return;
        };
        let mut overridden = record.overridden.clone();
        let mut by = record.owner.clone();
        let mut at = record.created_at;
        if let Some(taken) = taken {
            ask.besides = taken.ask.besides;
            // Money for a change is set aside before the change can be seen.
            let change = taken.cluster.is_some() && now - taken.at < UNSEEN;
            if change && taken.ask.whole() > ask.whole() {
                ask = taken.ask;
            }
            overridden = overridden.or(taken.overridden);
            by = by.or(Some(taken.by));
            at = taken.at;
        }
        self.reservation(Reservation {
            target: record.target.clone(),
            account: record.account.clone(),
            stack: record.stack.clone(),
            by: by.unwrap_or_default(),
            at: at.min(now),
            cluster: Some(record.id.clone()),
            ask,
            overridden,
        });
    }

    /// The promise that was made for a cluster, taken out.
    fn take(&mut self, record: &Record) -> Option<Reservation> {
        let key = self.reserved(record)?.0;
        self.reservations.remove(&key)
    }

    fn reserved(&self, record: &Record) -> Option<(String, &Reservation)> {
        let own = self.reservations.get(record.id.as_str());
        if own.is_some() || self.settled.contains_key(&record.id) {
            return Some((record.id.to_string(), own?));
        }
        let key = format!("{}/{}", record.target, record.stack);
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

    /// The highest share of a budget that is spent and was not told of; it counts as told from now
    /// on.
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
        let told = self.told.entry(figures.month).or_default();
        if told.get(policy).is_some_and(|told| *told >= highest) {
            return None;
        }
        told.insert(policy.clone(), highest);
        Some(highest)
    }

    /// Forgets of what months long over were told.
    pub fn forget_before(&mut self, month: Month) {
        self.told.retain(|told, _| *told >= month);
    }
}
