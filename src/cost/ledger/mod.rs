//! What clusters have cost, by team, stack, owner, day and month, and how much of it was waste:
//! computed from the ledger's records at the rates recorded with each cluster.

mod earlier;
mod of_fleet;
mod report;
mod spending;
mod split;

pub use earlier::{paces, start};
pub use of_fleet::{MONTH, last, of_fleet};
pub use report::{Attempted, By, Report, Row, expected};
pub use spending::{ClusterCost, Spending};
pub use split::{Split, charged, spent, split};

use super::attempts::JobAttempt;
use crate::model::instance_span::InstanceSpan;
use crate::model::name::{ClusterId, StackName, StepName, TeamName};
use crate::model::observed::{Cluster, ClusterState, End, EndReason, StepState};
use crate::model::pace::StepPace;
use crate::model::place::Place;
use crate::model::policy::Override;
use crate::model::rates::Rates;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The place of clusters, and the AWS account if it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The place.
    pub place: Place,
    /// The AWS account; `None` on this machine or if it is unknown.
    pub account: Option<String>,
}

/// A period from an instant up to but not including another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Window {
    /// The first instant.
    pub from: DateTime<Utc>,
    /// The first instant after the period.
    pub until: DateTime<Utc>,
}

/// A cluster's record in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where the cluster is.
    #[serde(rename = "target")]
    pub place: Place,
    /// The AWS account; `None` on this machine or if it is unknown.
    pub account: Option<String>,
    /// The cluster's id.
    pub id: ClusterId,
    /// Its stack.
    pub stack: StackName,
    /// The team that pays.
    pub team: Option<TeamName>,
    /// Who created it, as `user@host`.
    pub owner: Option<String>,
    /// The state when it was observed.
    pub state: ClusterState,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was first ready for work.
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub end: Option<End>,
    /// The rates at its creation; `None` if prices were unknown.
    pub rates: Option<Rates>,
    /// How many instances of each role ran from when until when.
    #[serde(rename = "lives")]
    pub instance_spans: Vec<InstanceSpan>,
    /// Of a living cluster whose instances may vary: what there was, and from then on the dearest
    /// instances that there can be. Empty if the instance spans say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worst_spans: Vec<InstanceSpan>,
    /// Whether the cloud may still report fewer instances or none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// The steps that have begun.
    pub steps: Vec<Work>,
    /// By when all instances must have ended, termination included, as of the observation.
    #[serde(default)]
    pub ends_by: Option<DateTime<Utc>>,
    /// Who overrode a policy for it, and why.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// The teams whose accounts it counts in, if recorded with it; otherwise only its own team's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<TeamName>,
    /// How busy Spark's slots were, as far as event logs tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<SlotTime>,
    /// The attempts at its job, if the job is retried, by `JOB.RUN`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attempts: BTreeMap<String, JobAttempt>,
    /// How fast the steps of its jobs went that completed, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paces: BTreeMap<StepName, StepPace>,
    /// When it was observed.
    pub seen_at: DateTime<Utc>,
}

/// The time of Spark's slots, in milliseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct SlotTime {
    /// For how long slots were there.
    pub there_ms: u64,
    /// For how much of it tasks ran.
    pub busy_ms: u64,
}

impl SlotTime {
    /// The part in which no task ran, in percent; `None` if there were no slots.
    pub fn idle_percent(self) -> Option<u64> {
        let idle = u128::from(self.there_ms.saturating_sub(self.busy_ms));
        let percent = (idle * 100).checked_div(self.there_ms.into())?;
        u64::try_from(percent).ok()
    }
}

impl std::ops::Add for SlotTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            there_ms: self.there_ms.saturating_add(other.there_ms),
            busy_ms: self.busy_ms.saturating_add(other.busy_ms),
        }
    }
}

/// A step that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The state when it was observed.
    pub state: StepState,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Record {
    /// The record of a cluster as observed at an instant.
    pub fn of(scope: &Scope, cluster: &Cluster, seen_at: DateTime<Utc>) -> Self {
        let work = cluster.steps.iter().filter_map(|step| {
            Some(Work {
                state: step.state,
                started_at: step.started_at?,
                ended_at: step.ended_at,
            })
        });
        Self {
            place: scope.place.clone(),
            account: scope.account.clone(),
            id: cluster.id.clone(),
            stack: cluster.stack.clone(),
            team: cluster.spec.team.clone(),
            owner: cluster
                .owner
                .as_ref()
                .map(|owner| owner.as_str().to_owned()),
            state: cluster.state,
            created_at: cluster.created_at,
            ready_at: cluster.ready_at,
            ended_at: cluster.ended_at,
            end: cluster.end.clone(),
            rates: cluster.spec.rates.clone(),
            instance_spans: cluster.instance_spans.clone(),
            worst_spans: Vec::new(),
            estimated: cluster.estimated,
            steps: work.collect(),
            ends_by: None,
            overridden: cluster.spec.overridden.clone(),
            accounts: accounts(cluster),
            slots: None,
            attempts: BTreeMap::new(),
            paces: BTreeMap::new(),
            seen_at,
        }
    }

    /// Whether it counts in a team's account. A later change of its team has no effect: the
    /// admission is recorded.
    pub fn counts_for(&self, team: &TeamName) -> bool {
        if self.accounts.is_empty() {
            self.team.as_ref() == Some(team)
        } else {
            self.accounts.contains(team)
        }
    }

    /// The record with a limit to its end.
    #[must_use]
    pub fn ending_by(mut self, at: DateTime<Utc>) -> Self {
        self.ends_by = Some(at);
        self
    }

    /// The record with the instances that its cluster can have at worst.
    #[must_use]
    pub fn at_worst(mut self, spans: Vec<InstanceSpan>) -> Self {
        self.worst_spans = spans;
        self
    }

    /// Whether nothing in it can change any more, so that it need not be read from the cloud again. A
    /// released cluster may be adopted again.
    pub fn is_final(&self) -> bool {
        let is_known = self.rates.is_none() || self.has_instance_spans();
        self.state.is_over() && is_known && !self.estimated && !self.is_released()
    }

    /// Whether its adoption was released: from then on its cost is not counted.
    pub fn is_released(&self) -> bool {
        let end = self.end.as_ref();
        end.is_some_and(|end| end.reason == EndReason::Released)
    }

    /// Whether its cost is known. A cluster without known instances is not free.
    pub fn is_priced(&self) -> bool {
        self.rates.is_some() && self.has_instance_spans()
    }

    fn has_instance_spans(&self) -> bool {
        !self.instance_spans.is_empty() || self.ready_at.is_none()
    }

    /// The record as of the observation: the cost since then is unknown.
    #[must_use]
    pub fn until_last_seen(mut self) -> Self {
        if !self.state.is_over() {
            let at = self.seen_at;
            self.instance_spans
                .retain(|instance_span| instance_span.from <= at);
            self.instance_spans.iter_mut().for_each(|instance_span| {
                instance_span.until.get_or_insert(at);
            });
        }
        self
    }

    /// The record of a cluster that the cloud no longer lists: it was over soon after it was last
    /// observed.
    #[must_use]
    pub fn lost(self) -> Self {
        let end = End {
            reason: EndReason::Lost,
            message: "its end is unknown".into(),
        };
        self.over(ClusterState::TerminatedWithErrors, end)
    }

    /// The record of a cluster whose adoption was released after it was last observed: what it costs
    /// from then on is not counted.
    #[must_use]
    pub fn released(self) -> Self {
        let end = End {
            reason: EndReason::Released,
            message: "its adoption was released; what it costs since then is not counted".into(),
        };
        self.over(ClusterState::Terminated, end)
    }

    /// The record as of the observation, as over.
    fn over(mut self, state: ClusterState, end: End) -> Self {
        self = self.until_last_seen();
        self.state = state;
        // No later observation can change it.
        self.estimated = false;
        self.ended_at = Some(self.ended_at.unwrap_or(self.seen_at));
        self.end.get_or_insert(end);
        self
    }

    /// The instance spans; those of a cluster that is over end with it at the latest.
    pub fn instance_spans(&self) -> impl Iterator<Item = InstanceSpan> + '_ {
        let over = self.ended_at.filter(|_| self.state.is_over());
        self.instance_spans
            .iter()
            .map(move |instance_span| InstanceSpan {
                until: instance_span
                    .until
                    .or(over.map(|at| at.max(instance_span.from))),
                ..instance_span.clone()
            })
    }

    /// The period in which it was charged; a living cluster's ends `now`.
    fn span(&self, now: DateTime<Utc>) -> Window {
        let first = self
            .instance_spans
            .iter()
            .map(|instance_span| instance_span.from)
            .min();
        let from = first.map_or(self.created_at, |at| at.min(self.created_at));
        let over = self.ended_at.filter(|_| self.state.is_over());
        let last = self
            .instance_spans()
            .map(|instance_span| instance_span.until.unwrap_or(now))
            .max();
        let until = over.unwrap_or(now).max(last.unwrap_or(from)).max(from);
        Window { from, until }
    }

    /// When its last instance ended; `None` if some may still run.
    pub fn gone_at(&self) -> Option<DateTime<Utc>> {
        let over = self.ended_at.filter(|_| self.state.is_over())?;
        Some(self.span(over).until)
    }

    /// Whether it existed within a window.
    pub fn within(&self, window: Window, now: DateTime<Utc>) -> bool {
        let span = self.span(now);
        span.from < window.until && (span.until > window.from || span.from >= window.from)
    }
}

/// The teams, sorted and without duplicates.
fn accounts(cluster: &Cluster) -> Vec<TeamName> {
    let teams = cluster.spec.budgets.iter().map(|budget| &budget.team);
    let teams: BTreeSet<&TeamName> = teams.collect();
    teams.into_iter().cloned().collect()
}
