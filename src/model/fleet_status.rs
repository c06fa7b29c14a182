//! The state of the watchdog after a sweep, for the page and the metrics.

use super::audit::Entry;
use super::instance_span::InstanceSpan;
use super::money::Usd;
use super::name::{AccountId, ClusterId, PolicyName, StackName, TeamName};
use super::observed::{ClusterState, StepState};
use super::other_cost::OtherCost;
use super::place::Place;
use super::safeguard::Safeguard;
use super::shown::Untrusted;
use super::stack::Guardrails;
use super::watched_account::RefusedAccount;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// The state of the watchdog after a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetStatus {
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// The places that are watched.
    pub places: Vec<Place>,
    /// The account of the watchdog's own regions, if other accounts are watched too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_account: Option<AccountId>,
    /// False if another watchdog is active and this one stands by.
    pub active: bool,
    /// The last completed sweep.
    pub last: Option<SweepSummary>,
    /// The totals since the process started.
    pub totals: Totals,
    /// The clusters, by place, then by id.
    pub clusters: Vec<Row>,
    /// Which policy decides about foreign clusters, if several have `unmanaged`.
    pub mildest: Option<String>,
    /// What costs money besides clusters, the most expensive first.
    pub other_costs: Vec<PlacedCost>,
    /// What clusters of clusterup in AWS have cost; `None` until the ledger was read.
    pub cost: Option<FleetCost>,
    /// The months of the teams' budgets.
    pub months: Vec<Curve>,
    /// The latest few hundred events, newest last.
    pub events: Vec<Entry>,
}

impl FleetStatus {
    /// The account of a place, if several accounts are watched; `None` for this machine.
    pub fn account_of<'a>(&'a self, place: &'a Place) -> Option<&'a AccountId> {
        let own = self.own_account.as_ref()?;
        match place {
            Place::Local => None,
            Place::Region(_) => Some(own),
            Place::Account(account, _) => Some(account),
        }
    }
}

/// Something that costs money besides clusters, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PlacedCost {
    /// Where it is.
    pub place: Place,
    /// What it is.
    #[serde(flatten)]
    pub cost: OtherCost,
}

impl PlacedCost {
    /// The place and the sentence with the price, on one line.
    pub fn text(&self) -> String {
        format!("{}: {}", self.place, self.cost.text())
    }
}

/// A summary of one sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SweepSummary {
    /// The number of the sweep, from 1.
    pub number: u64,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// The number of calls to AWS.
    pub calls: u64,
    /// The number of living clusters.
    pub fleet: usize,
    /// The number of clusters that were described again.
    pub looked: usize,
    /// The number of living clusters that were not or cannot be described.
    pub unlooked: usize,
    /// The number of living clusters of which steps or metrics could not be read: whether they are
    /// idle is unknown.
    pub unread: usize,
    /// Places whose clusters could not be listed.
    pub blind: Vec<Place>,
    /// Accounts that cannot be watched; `blind` has their places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedAccount>,
    /// What could not be read, in words.
    pub unseen: Vec<String>,
    /// Whether the circuit breaker held ends back.
    pub tripped: bool,
}

impl SweepSummary {
    /// The places whose clusters could not be listed, without those of refused accounts.
    pub fn blind_places(&self) -> impl Iterator<Item = &Place> {
        let is_refused = |place: &Place| {
            let mut refused = self.refused.iter();
            refused.any(|it| place.account() == Some(&it.account))
        };
        self.blind.iter().filter(move |place| !is_refused(place))
    }
}

/// Totals since the process started.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Completed sweeps.
    pub sweeps: u64,
    /// Sweeps that failed.
    pub failed_sweeps: u64,
    /// Calls, by AWS's name of the operation.
    pub calls: BTreeMap<String, u64>,
    /// Ended clusters, by reason.
    pub terminated: BTreeMap<String, u64>,
    /// Warnings.
    pub warned: u64,
    /// How often the circuit breaker held ends back.
    pub trips: u64,
    /// Notices by channel: sent, failed.
    pub notices: BTreeMap<String, (u64, u64)>,
}

/// A cluster that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Where the cluster is.
    pub place: Place,
    /// The cluster's id.
    pub id: ClusterId,
    /// Its name.
    pub name: Untrusted,
    /// Its stack, if clusterup created it.
    pub stack: Option<StackName>,
    /// The team that pays.
    pub team: Option<TeamName>,
    /// Its owner.
    pub owner: Option<Untrusted>,
    /// Its state.
    pub state: ClusterState,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Since when it is idle; `None` if it is not, or unknown.
    pub idle_since: Option<DateTime<Utc>>,
    /// Whether it may have been idle for longer, because nothing is known of the time before.
    pub idle_at_least: bool,
    /// When it was first ready for work, if it was described.
    pub ready_at: Option<DateTime<Utc>>,
    /// Its latest steps, oldest first, as far as they were read.
    pub steps: Vec<RowStep>,
    /// How many instances of each role ran from when until when, as far as is known.
    #[serde(rename = "lives")]
    pub instance_spans: Vec<InstanceSpan>,
    /// Its guardrails with all extensions, if it has some.
    pub guardrails: Option<Guardrails>,
    /// Dollars spent so far; `None` if no price is known.
    pub spent: Option<Usd>,
    /// Dollars per hour.
    pub rate: Option<Usd>,
    /// When it ends as things stand.
    pub ends_at: Option<DateTime<Utc>>,
    /// When people are warned or notified, if that is still to come.
    pub warns_at: Option<DateTime<Utc>>,
    /// Whether `ends_at` is the earliest time, as the grace period begins with the warning.
    pub at_earliest: bool,
    /// The guardrail that sets the end: `idle_timeout`, `budget`.
    pub cause: Option<String>,
    /// The stage as a word: `keep`, `warned`, `ending`, `stuck`, `exempt`, `unseen`, …
    pub stage: String,
    /// The evidence for the stage.
    pub evidence: String,
    /// The mechanisms that end it.
    #[serde(rename = "rungs")]
    pub safeguards: Vec<Safeguard>,
    /// When it was described; `None` if it is only known from a listing.
    pub looked_at: Option<DateTime<Utc>>,
}

/// A step of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowStep {
    /// Its name.
    pub name: Untrusted,
    /// Its state.
    pub state: StepState,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What clusters have cost, by team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetCost {
    /// The end of the periods.
    pub at: DateTime<Utc>,
    /// Dollars in the 24 hours before.
    pub last_day: Usd,
    /// Dollars in the 30 days before.
    pub last_month: Usd,
    /// The days of these 30 days, `2026-11-21` in UTC, oldest first.
    pub days: Vec<String>,
    /// Dollars of each team in each of these days.
    pub teams: Vec<TeamCost>,
}

/// What clusters of one team have cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TeamCost {
    /// The team; `None` for clusters without one.
    pub team: Option<String>,
    /// Dollars by day.
    pub by_day: Vec<Usd>,
}

/// What a team spends in a month, as a curve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Curve {
    /// The team.
    pub team: TeamName,
    /// The policy that sets the budget.
    pub policy: PolicyName,
    /// When the month begins.
    pub from: DateTime<Utc>,
    /// When the month ends.
    pub until: DateTime<Utc>,
    /// The month's budget in dollars.
    pub limit: Usd,
    /// Dollars spent so far.
    pub spent: Usd,
    /// Dollars reserved for living clusters.
    #[serde(rename = "promised")]
    pub reserved: Usd,
    /// Dollars spent by instants of the month, in order; the last instant is now.
    pub points: Vec<(DateTime<Utc>, Usd)>,
    /// The month's total if spending goes on at the same rate.
    pub projected: Usd,
}
