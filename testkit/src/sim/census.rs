//! The whole state of the account, read without calls, for checks that are independent of them.

use super::Sim;
use super::cluster::{Cluster, Ran};
use super::varying::Machine;
use super::world::State;
use chrono::{DateTime, Utc};
use clusterup::cloud::api::Tags;
use clusterup::cloud::api::ec2::Rule;
use clusterup::cloud::api::emr::Role;
use clusterup::cloud::api::scheduler::Schedule;
use clusterup::model::observed::{ClusterState, StepState};
use clusterup::model::span::Span;
use std::collections::BTreeMap;

/// The state of the account at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// Names and tags, sorted by name.
    pub key_pairs: Vec<(String, Tags)>,
    /// Names, tags and sorted rules of the security groups, sorted by name.
    pub groups: Vec<(String, Tags, Vec<Rule>)>,
    /// Buckets with the keys in them.
    pub buckets: BTreeMap<String, Vec<String>>,
    /// The protection of each bucket, by name.
    pub guards: BTreeMap<String, BucketGuards>,
    /// All clusters, also ended ones, oldest first.
    pub clusters: Vec<CensusCluster>,
    /// Roles with the ARNs and names of their policies.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Profiles with their role.
    pub profiles: BTreeMap<String, Option<String>>,
    /// Schedules that have not fired, sorted by name.
    pub schedules: Vec<Schedule>,
}

/// The protection of a bucket, and its incomplete uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketGuards {
    /// Whether all public access is blocked.
    pub private: bool,
    /// After how many days a lifecycle rule aborts incomplete uploads.
    pub abort_uploads_after_days: Option<i32>,
    /// The bucket policy, a JSON document.
    pub policy: Option<String>,
    /// The number of incomplete multipart uploads.
    pub uploads: usize,
}

/// A cluster in a census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CensusCluster {
    /// The id, `j-…`.
    pub id: String,
    /// The name, not unique.
    pub name: String,
    /// The release label, such as `emr-7.14.0`.
    pub release: String,
    /// The state.
    pub state: ClusterState,
    /// The code of the reason for its end.
    pub reason: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ended. `None` for a live cluster.
    pub ended_at: Option<DateTime<Utc>>,
    /// When its end was requested, or when it ended by itself.
    pub down_at: Option<DateTime<Utc>>,
    /// EMR's message about its end.
    pub message: Option<String>,
    /// When it last worked: a step or somebody by hand; at the earliest when it was ready. Of work that goes
    /// on in a living cluster, when it began.
    pub worked_at: Option<DateTime<Utc>>,
    /// Whether its termination protection is on.
    pub protected: bool,
    /// Names and states, oldest first.
    pub steps: Vec<(String, StepState)>,
    /// Names of its own security groups; the id of one that was deleted.
    pub groups: Vec<String>,
    /// The name of its key pair.
    pub key_pair: Option<String>,
    /// The requested number of instances of each role.
    pub instances: Vec<(Role, u16)>,
    /// The types of those instances.
    pub types: Vec<(Role, String)>,
    /// Its instances so far, if EMR chooses their types or their number.
    pub machines: Vec<Machine>,
    /// The instances that its groups have had.
    pub ran: Vec<(Role, Ran)>,
    /// The timeout of its auto-termination policy.
    pub idle_timeout: Option<Span>,
    /// Whether it waits when its steps have ended.
    pub keep_alive: bool,
    /// The bootstrap actions' scripts, in order.
    pub bootstrap: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Sim {
    /// Reads the state of the account. Takes no time and counts as no call.
    pub fn census(&self) -> Census {
        self.edit(|state| census(state))
    }

    /// The clusters of a census, oldest first.
    pub fn clusters(&self) -> Vec<CensusCluster> {
        self.edit(|state| clusters(state))
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
        clusters: clusters(state),
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

fn clusters(state: &State) -> Vec<CensusCluster> {
    let mut clusters: Vec<_> = state
        .clusters
        .values()
        .map(|cluster| counted(cluster, state))
        .collect();
    clusters.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    clusters
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
        down_at: cluster.down_at,
        message: cluster.message.clone(),
        worked_at: cluster.worked_at(),
        protected: cluster.protected,
        steps: steps
            .map(|step| (step.order.name.clone(), step.state))
            .collect(),
        groups: cluster.order.network.groups.iter().map(name).collect(),
        key_pair: cluster.order.key_pair.clone(),
        instances: instances
            .clone()
            .map(|group| (group.order.role, group.requested))
            .collect(),
        types: instances
            .map(|group| (group.order.role, group.order.instance_type.clone()))
            .collect(),
        ran: (cluster.groups.iter())
            .flat_map(|group| group.ran.iter().map(|ran| (group.order.role, ran.clone())))
            .collect(),
        machines: (cluster.varying.iter())
            .flat_map(|it| it.machines.clone())
            .collect(),
        idle_timeout: cluster.idle.map(|(timeout, _)| timeout),
        keep_alive: cluster.order.keep_alive,
        bootstrap: bootstrap.map(|action| action.script.clone()).collect(),
        tags: cluster.order.tags.clone(),
    }
}
