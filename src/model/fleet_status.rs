//! What the watchdog knows after a sweep, for those who look at it: the page, its metrics.

use super::audit::Entry;
use super::fleet::Place;
use super::money::Usd;
use super::name::{ClusterId, PolicyName, StackName, TeamName};
use super::observed::ClusterState;
use super::safeguard::Safeguard;
use super::shown::Untrusted;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetStatus {
    /// When it was drawn.
    pub at: DateTime<Utc>,
    /// Where it looks.
    pub places: Vec<Place>,
    /// False where another watchdog is at work and this one stands by.
    pub active: bool,
    /// The last sweep that came to its end.
    pub last: Option<SweepSummary>,
    pub totals: Totals,
    /// By place, then by id.
    pub clusters: Vec<Row>,
    /// Which of several policies decides about clusters of others, in a line.
    pub mildest: Option<String>,
    pub months: Vec<Curve>,
    /// The newest last; some hundred.
    pub events: Vec<Entry>,
}

/// One sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SweepSummary {
    pub number: u64,
    pub began_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// AWS's calls that it made.
    pub calls: u64,
    /// Clusters that live.
    pub fleet: usize,
    /// Clusters that were looked at afresh.
    pub looked: usize,
    /// Clusters that live and were not looked at yet, or cannot be.
    pub unlooked: usize,
    /// Places whose clusters could not be listed.
    pub blind: Vec<Place>,
    /// What it could not see, in words.
    pub unseen: Vec<String>,
    /// Whether the breaker kept it from ending clusters.
    pub tripped: bool,
}

/// Since this process began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    pub sweeps: u64,
    pub failed_sweeps: u64,
    /// By AWS's name of the call.
    pub calls: BTreeMap<String, u64>,
    /// By the reason's name.
    pub terminated: BTreeMap<String, u64>,
    pub warned: u64,
    pub trips: u64,
    /// By the way's name: sent, failed.
    pub notices: BTreeMap<String, (u64, u64)>,
}

/// One cluster that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub place: Place,
    pub id: ClusterId,
    pub name: Untrusted,
    /// Of a cluster that clusterup made.
    pub stack: Option<StackName>,
    pub team: Option<TeamName>,
    pub owner: Option<Untrusted>,
    pub state: ClusterState,
    pub created_at: DateTime<Utc>,
    /// None where it works, or where that is not known.
    pub idle_since: Option<DateTime<Utc>>,
    /// Whether it may have idled for longer: nobody has seen what was before.
    pub idle_at_least: bool,
    /// None where no price is known.
    pub spent: Option<Usd>,
    /// In $/h.
    pub rate: Option<Usd>,
    /// When it ends as things stand, and the guardrail: `idle_timeout`, `budget`.
    pub ends_at: Option<DateTime<Utc>>,
    /// When its people are warned, or notified, where that is still to come.
    pub warns_at: Option<DateTime<Utc>>,
    /// Whether its time begins with the warning, so that `ends_at` is the earliest.
    pub at_earliest: bool,
    pub cause: Option<String>,
    /// In a word: `keep`, `warned`, `ending`, `stuck`, `exempt`, `unseen`, …
    pub stage: String,
    /// What that rests on.
    pub evidence: String,
    #[serde(rename = "rungs")]
    pub safeguards: Vec<Safeguard>,
    /// When this was read; none where only a listing has it.
    pub looked_at: Option<DateTime<Utc>>,
}

/// What a team spends in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Curve {
    pub team: TeamName,
    pub policy: PolicyName,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub limit: Usd,
    pub spent: Usd,
    #[serde(rename = "promised")]
    pub reserved: Usd,
    /// What had been spent at instants of the month, in order, the last being now.
    pub points: Vec<(DateTime<Utc>, Usd)>,
    /// What the month comes to if it goes on like this.
    pub projected: Usd,
}
