//! What clusters have cost, by team, stack, owner, day and month, and how much of it was waste:
//! arithmetic on the records that the ledger keeps. Prices are those frozen with each cluster.

mod report;
mod split;

pub use report::{By, Overridden, Report, Row, Unpriced, expected};
pub use split::{Split, charged, spent, split};

use crate::model::instance_span::InstanceSpan;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::observed::{Cluster, ClusterState, End, EndReason, StepState};
use crate::model::policy::Override;
use crate::model::rates::Rates;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where clusters are: `local` or a region, and the AWS account behind it where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub target: String,
    pub account: Option<String>,
}

/// From an instant, up to but not including another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// A cluster as far as its cost goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// `local`, or the region.
    pub target: String,
    pub account: Option<String>,
    pub id: ClusterId,
    pub stack: StackName,
    pub team: Option<TeamName>,
    /// Who made it, as `user@host`.
    pub owner: Option<String>,
    pub state: ClusterState,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub end: Option<End>,
    /// None where its prices were not known when it was made.
    pub rates: Option<Rates>,
    #[serde(rename = "lives")]
    pub instance_spans: Vec<InstanceSpan>,
    /// Whether its cloud may still say that there were fewer machines, or none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// The steps that have begun.
    pub steps: Vec<Work>,
    /// By when all of it is gone, its ending included, as things stood when it was seen.
    #[serde(default)]
    pub ends_by: Option<DateTime<Utc>>,
    /// Who made it in spite of a policy, and why.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// The teams in whose accounts it counts, where that is on record with it; else its own team's
    /// alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<TeamName>,
    /// When the cloud told all this.
    pub seen_at: DateTime<Utc>,
}

/// A step that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    pub state: StepState,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Record {
    /// What the cloud told of a cluster at an instant.
    pub fn of(scope: &Scope, cluster: &Cluster, seen_at: DateTime<Utc>) -> Self {
        let work = cluster.steps.iter().filter_map(|step| {
            Some(Work {
                state: step.state,
                started_at: step.started_at?,
                ended_at: step.ended_at,
            })
        });
        Self {
            target: scope.target.clone(),
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
            rates: cluster.spec.rates,
            instance_spans: cluster.instance_spans.clone(),
            estimated: cluster.estimated,
            steps: work.collect(),
            ends_by: None,
            overridden: cluster.spec.overridden.clone(),
            accounts: accounts(cluster),
            seen_at,
        }
    }

    /// Whether it counts in a team's account. Another team's name on it since changes nothing: what
    /// it was admitted under is on record.
    pub fn counts_for(&self, team: &TeamName) -> bool {
        if self.accounts.is_empty() {
            self.team.as_ref() == Some(team)
        } else {
            self.accounts.contains(team)
        }
    }

    /// One that is gone by then whatever happens.
    #[must_use]
    pub fn ending_by(mut self, at: DateTime<Utc>) -> Self {
        self.ends_by = Some(at);
        self
    }

    /// Whether nothing of it can change any more, so that the cloud need not be asked again.
    pub fn is_final(&self) -> bool {
        let known = self.rates.is_none() || self.tells_its_lives();
        self.state.is_over() && known && !self.estimated
    }

    /// Whether its dollars can be told. A cluster whose instances nobody knows is not free.
    pub fn is_priced(&self) -> bool {
        self.rates.is_some() && self.tells_its_lives()
    }

    fn tells_its_lives(&self) -> bool {
        !self.instance_spans.is_empty() || self.ready_at.is_none()
    }

    /// As it was when it was last seen: what it has cost since is not known.
    #[must_use]
    pub fn as_last_seen(mut self) -> Self {
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

    /// As one that its cloud no longer knows: gone, at the latest, soon after it was last seen.
    #[must_use]
    pub fn lost(mut self) -> Self {
        self = self.as_last_seen();
        self.state = ClusterState::TerminatedWithErrors;
        // Nobody is left to say otherwise.
        self.estimated = false;
        self.ended_at = Some(self.ended_at.unwrap_or(self.seen_at));
        self.end.get_or_insert_with(|| End {
            reason: EndReason::Lost,
            message: "nothing is known of its end".into(),
        });
        self
    }

    /// Its instances' timeline. Those of a cluster that is over have ended with it at the latest.
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

    /// When it was there, as far as it is paid for; still there means until `now`.
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

    /// When the last of it was gone; none while something may be there.
    pub fn gone_at(&self) -> Option<DateTime<Utc>> {
        let over = self.ended_at.filter(|_| self.state.is_over())?;
        Some(self.span(over).until)
    }

    /// Whether it was there within a window.
    pub fn within(&self, window: Window, now: DateTime<Utc>) -> bool {
        let span = self.span(now);
        span.from < window.until && (span.until > window.from || span.from >= window.from)
    }
}

/// Each team once, in order of their names.
fn accounts(cluster: &Cluster) -> Vec<TeamName> {
    let teams = cluster.spec.budgets.iter().map(|budget| &budget.team);
    let teams: BTreeSet<&TeamName> = teams.collect();
    teams.into_iter().cloned().collect()
}
