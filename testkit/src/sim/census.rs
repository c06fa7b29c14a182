//! All that there is, read past the calls, for judges that trust no call.

use super::Sim;
use super::cluster::Cluster;
use super::world::State;
use chrono::{DateTime, Utc};
use clusterup::cloud::api::Tags;
use clusterup::cloud::api::ec2::Rule;
use clusterup::cloud::api::emr::Role;
use clusterup::cloud::api::scheduler::Schedule;
use clusterup::model::observed::{ClusterState, StepState};
use clusterup::model::span::Span;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// Names and tags, in order of the names.
    pub key_pairs: Vec<(String, Tags)>,
    /// Security groups' names, tags and rules, in order of the names; the rules sorted.
    pub groups: Vec<(String, Tags, Vec<Rule>)>,
    /// Buckets with the keys in them.
    pub buckets: BTreeMap<String, Vec<String>>,
    pub guards: BTreeMap<String, BucketGuards>,
    /// Oldest first; all that ever were.
    pub clusters: Vec<CensusCluster>,
    /// Roles with the ARNs and names of their policies.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Profiles with their role.
    pub profiles: BTreeMap<String, Option<String>>,
    /// Those that are to fire or never will, in order of their names.
    pub schedules: Vec<Schedule>,
}

/// How a bucket is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketGuards {
    pub private: bool,
    pub abort_uploads_after_days: Option<i32>,
    pub policy: Option<String>,
    /// Uploads that were begun and not ended.
    pub uploads: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CensusCluster {
    pub id: String,
    pub name: String,
    pub release: String,
    pub state: ClusterState,
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Names and states, oldest first.
    pub steps: Vec<(String, StepState)>,
    /// Its own security groups, by their names; by its id one that is gone.
    pub groups: Vec<String>,
    pub key_pair: Option<String>,
    /// Instances that are asked for.
    pub instances: Vec<(Role, u16)>,
    /// The types of those instances.
    pub types: Vec<(Role, String)>,
    pub idle_timeout: Option<Span>,
    pub keep_alive: bool,
    /// The bootstrap actions' scripts, in order.
    pub bootstrap: Vec<String>,
    pub tags: Tags,
}

impl Sim {
    pub fn census(&self) -> Census {
        self.edit(|state| census(state))
    }

    /// The calls so far that change things and were answered with their reply: when, and which.
    pub fn journal(&self) -> Vec<(DateTime<Utc>, &'static str)> {
        self.edit(|state| state.journal.clone())
    }
}

fn census(state: &State) -> Census {
    let pairs = state.ec2.key_pairs.values().map(|pair| &pair.it);
    let mut groups: Vec<_> = state
        .ec2
        .groups
        .values()
        .map(|group| {
            let mut rules = group.it.ingress.clone();
            rules.sort();
            (group.it.name.clone(), group.it.tags.clone(), rules)
        })
        .collect();
    groups.sort();
    let mut clusters: Vec<_> = state
        .clusters
        .values()
        .map(|cluster| counted(cluster, state))
        .collect();
    clusters.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    let buckets = state.s3.buckets.iter();
    Census {
        key_pairs: pairs
            .map(|pair| (pair.name.clone(), pair.tags.clone()))
            .collect(),
        groups,
        buckets: buckets
            .clone()
            .map(|(name, held)| (name.clone(), held.objects.keys().cloned().collect()))
            .collect(),
        guards: buckets
            .map(|(name, held)| {
                let guards = BucketGuards {
                    private: held.private,
                    abort_uploads_after_days: held.abort_uploads_after_days,
                    policy: held.policy.clone(),
                    uploads: held.uploads.len(),
                };
                (name.clone(), guards)
            })
            .collect(),
        clusters,
        roles: state
            .iam
            .roles
            .iter()
            .map(|(name, policies)| (name.clone(), policies.keys().cloned().collect()))
            .collect(),
        profiles: state.iam.profiles.clone(),
        schedules: state
            .scheduler
            .schedules
            .values()
            .map(|held| held.it.clone())
            .collect(),
    }
}

fn counted(cluster: &Cluster, state: &State) -> CensusCluster {
    let name = |id: &String| {
        let group = state.ec2.groups.get(id);
        group.map_or_else(|| id.clone(), |group| group.it.name.clone())
    };
    let steps = cluster.steps.iter();
    let instances = cluster.groups.iter();
    let bootstrap = cluster.order.bootstrap.iter();
    CensusCluster {
        id: cluster.id.clone(),
        name: cluster.order.name.clone(),
        release: cluster.order.release.clone(),
        state: cluster.state,
        reason: cluster.reason.clone(),
        created_at: cluster.created_at,
        ended_at: cluster.ended_at,
        steps: steps
            .map(|step| (step.order.name.clone(), step.state))
            .collect(),
        groups: cluster.order.security_groups.iter().map(name).collect(),
        key_pair: cluster.order.key_pair.clone(),
        instances: instances
            .clone()
            .map(|group| (group.order.role, group.requested))
            .collect(),
        types: instances
            .map(|group| (group.order.role, group.order.instance_type.clone()))
            .collect(),
        idle_timeout: cluster.idle.map(|(timeout, _)| timeout),
        keep_alive: cluster.order.keep_alive,
        bootstrap: bootstrap.map(|action| action.script.clone()).collect(),
        tags: cluster.order.tags.clone(),
    }
}
