//! The history that a simulation plays: when each cluster was created, ready, busy and over.

use crate::cost::ledger::Record;
use crate::model::adoption::Adoption;
use crate::model::application::Application;
use crate::model::desired::InstanceGroups;
use crate::model::fleet::{AnyCluster, ClusterSnapshot};
use crate::model::instance_span::InstanceSpan;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::observed::{Cluster, EndReason};
use crate::model::place::Place;
use crate::model::policy::Override;
use crate::model::rates::Rates;
use crate::model::release::Release;
use crate::model::shown::Untrusted;
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The clusters of one place within a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The format's version.
    pub format: u32,
    /// Where the clusters were.
    pub place: Place,
    /// The first instant; costs before it do not count.
    pub from: DateTime<Utc>,
    /// When it was recorded. Clusters that lived then are known until then.
    pub until: DateTime<Utc>,
    /// The clusters.
    pub clusters: Vec<PastCluster>,
}

/// A cluster of the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastCluster {
    /// Its id.
    pub id: ClusterId,
    /// Its stack; `None` if others created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackName>,
    /// Its name.
    pub name: Untrusted,
    /// The team that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// Who created it, or the owner that a tag names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Untrusted>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was first ready for work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was over; `None` if it lived when the history was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EndReason>,
    /// Its rates; `None` if its price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Rates>,
    /// How long it is charged after its end is requested, at most.
    pub ending: Span,
    /// How many instances of each role ran from when until when.
    pub spans: Vec<InstanceSpan>,
    /// Its own guardrails, extensions included; `None` if it has none or they are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrails: Option<Guardrails>,
    /// What was requested, as far as limits of policies apply to it; `None` if that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<Requested>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Whether EMR's termination protection was on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// Its applications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<Application>,
    /// When it worked, in order of the starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busy: Vec<BusySpan>,
    /// Until when an `apply` followed it, from its creation on; `None` if that is unknown. It counts
    /// only for a cluster with a lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_at: Option<DateTime<Utc>>,
    /// Who overrode a policy for it, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Override>,
}

/// A period in which a cluster worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusySpan {
    /// When the work began.
    pub from: DateTime<Utc>,
    /// When it ended; `None` if it still ran when the cluster ended or was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// What was requested of a cluster of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requested {
    /// The release.
    pub release: Release,
    /// The instances.
    pub groups: InstanceGroups,
    /// The user's own tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// The version of the format that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

impl History {
    /// The history of these clusters, oldest first.
    pub fn new(
        place: Place,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        mut clusters: Vec<PastCluster>,
    ) -> Self {
        for cluster in &mut clusters {
            cluster.put_in_order(until);
        }
        clusters.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        clusters.dedup_by(|later, earlier| later.id == earlier.id);
        Self {
            format: FORMAT,
            place,
            from,
            until,
            clusters,
        }
    }
}

impl PastCluster {
    /// A cluster of clusterup, or one that was adopted, which is foreign with guardrails.
    pub fn of(cluster: &Cluster) -> Self {
        let spec = &cluster.spec;
        let is_adopted = Adoption::stack().as_ref() == Some(&cluster.stack);
        let spark = Application::seen("Spark");
        let others = spec.emr.software.applications.iter().cloned();
        let busy = cluster.steps.iter().filter_map(|step| {
            let (from, until) = (step.started_at?, step.ended_at);
            Some(BusySpan { from, until })
        });
        Self {
            id: cluster.id.clone(),
            stack: (!is_adopted).then(|| cluster.stack.clone()),
            name: cluster.stack.as_str().into(),
            team: spec.team.clone(),
            owner: cluster.owner.clone(),
            created_at: cluster.created_at,
            ready_at: cluster.ready_at,
            ended_at: cluster.ended_at.filter(|_| cluster.state.is_over()),
            end: cluster.end.as_ref().map(|end| end.reason),
            rates: spec.rates.clone(),
            ending: spec.ending,
            spans: cluster.instance_spans.clone(),
            guardrails: Some(cluster.guardrails()),
            requested: (!is_adopted).then(|| Requested {
                release: spec.release.clone(),
                groups: spec.groups.clone(),
                tags: spec.tags.clone(),
            }),
            tags: spec.tags.clone(),
            protected: spec.termination_protection,
            applications: std::iter::once(spark).chain(others).collect(),
            busy: busy.collect(),
            followed_at: cluster.renewed_at,
            overridden: spec.overridden.clone(),
        }
    }

    /// A cluster that only the ledger still knows. Its guardrails and what was requested are unknown.
    pub fn of_record(record: &Record) -> Self {
        let busy = record.steps.iter().map(|work| BusySpan {
            from: work.started_at,
            until: work.ended_at,
        });
        Self {
            id: record.id.clone(),
            stack: Some(record.stack.clone()),
            name: record.stack.as_str().into(),
            team: record.team.clone(),
            owner: record.owner.as_deref().map(Into::into),
            created_at: record.created_at,
            ready_at: record.ready_at,
            ended_at: record.ended_at.filter(|_| record.state.is_over()),
            end: record.end.as_ref().map(|end| end.reason),
            rates: record.rates.clone(),
            ending: Span::from_secs(0),
            spans: record.instance_spans().collect(),
            guardrails: None,
            requested: None,
            tags: BTreeMap::new(),
            protected: false,
            applications: vec![Application::seen("Spark")],
            busy: busy.collect(),
            followed_at: None,
            overridden: record.overridden.clone(),
        }
    }

    /// A cluster that others created, as it was described. `ending`: how long it is charged after its
    /// end is requested.
    pub fn of_foreign(snapshot: &ClusterSnapshot, ending: Span) -> Option<Self> {
        let AnyCluster::Foreign(cluster) = &snapshot.cluster else {
            return None;
        };
        let steps = snapshot.steps().map_or(&[][..], Vec::as_slice);
        let busy = steps.iter().filter_map(|step| {
            let (from, until) = (step.started_at?, step.ended_at);
            Some(BusySpan { from, until })
        });
        Some(Self {
            id: cluster.id.clone(),
            stack: None,
            name: snapshot.name.clone(),
            team: None,
            owner: snapshot.owner.clone(),
            created_at: cluster.created_at,
            ready_at: cluster.ready_at,
            ended_at: cluster.ended_at.filter(|_| cluster.state.is_over()),
            end: None,
            rates: snapshot.rates().cloned(),
            ending,
            spans: snapshot.instance_spans().to_vec(),
            guardrails: snapshot.guarded().map(Cluster::guardrails),
            requested: None,
            tags: snapshot.tags.clone(),
            protected: snapshot.protected,
            applications: snapshot.applications.clone(),
            busy: busy.collect(),
            followed_at: None,
            overridden: None,
        })
    }

    /// When it was over, or when the history was recorded.
    pub(super) fn over_at(&self, until: DateTime<Utc>) -> DateTime<Utc> {
        self.ended_at.unwrap_or(until)
    }

    /// Whether its cost is known.
    pub(super) fn is_priced(&self) -> bool {
        self.rates.is_some() && (!self.spans.is_empty() || self.ready_at.is_none())
    }

    /// Times of different clocks may contradict each other by seconds.
    fn put_in_order(&mut self, until: DateTime<Utc>) {
        let created = self.created_at.min(until);
        self.created_at = created;
        self.ended_at = self.ended_at.map(|at| at.clamp(created, until));
        let over = self.over_at(until);
        self.ready_at = self.ready_at.filter(|at| *at <= over);
        self.ready_at = self.ready_at.map(|at| at.max(created));
        self.followed_at = self.followed_at.map(|at| at.clamp(created, over));
        self.busy.retain(|busy| busy.from <= over);
        for busy in &mut self.busy {
            busy.from = busy.from.max(created);
            busy.until = busy.until.map(|at| at.clamp(busy.from, over));
        }
        self.busy.sort();
        // What works was ready.
        let first = self.busy.first().map(|busy| busy.from);
        self.ready_at = [self.ready_at, first].into_iter().flatten().min();
        for span in &mut self.spans {
            span.until = span.until.map(|at| at.max(span.from));
        }
    }
}
