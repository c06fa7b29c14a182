//! Actions in documents: an object with the action's `kind`, and what it is about under a name.

use super::action::{Action, Results};
use super::desired::{ClusterSpec, JobSpec, KeyPairSpec, Object};
use super::extension::Extension;
use super::name::{ClusterId, GroupName, KeyPairName};
use super::observed::{End, Run};
use super::parsed::schema_like;
use super::stack::SecurityGroup;
use serde::{Serialize, Serializer};

#[derive(Serialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "Action")]
enum ActionForm<'a> {
    CreateRoles,
    CreateKeyPair {
        key_pair: &'a KeyPairSpec,
    },
    DeleteKeyPair {
        name: &'a KeyPairName,
    },
    CreateGroup {
        group: &'a SecurityGroup,
    },
    UpdateGroup {
        group: &'a SecurityGroup,
    },
    DeleteGroup {
        name: &'a GroupName,
    },
    CreateBucket,
    Stage {
        objects: &'a [Object],
    },
    DeleteBucket,
    CreateCluster {
        spec: &'a ClusterSpec,
        job: Option<&'a JobSpec>,
    },
    StartCluster {
        cluster: &'a ClusterId,
    },
    AddSteps {
        cluster: &'a ClusterId,
        job: &'a JobSpec,
    },
    UpdateCluster {
        cluster: &'a ClusterId,
        spec: &'a ClusterSpec,
    },
    ExtendCluster {
        cluster: &'a ClusterId,
        extension: &'a Extension,
    },
    RenewLease {
        cluster: &'a ClusterId,
    },
    Disarm {
        cluster: &'a ClusterId,
    },
    TerminateCluster {
        cluster: &'a ClusterId,
        end: &'a End,
    },
    Remember {
        run: &'a Run,
    },
    DeleteCluster {
        cluster: &'a ClusterId,
    },
    BringHome {
        results: &'a Results,
    },
}

impl<'a> ActionForm<'a> {
    fn of(action: &'a Action) -> Self {
        use Action as A;
        match action {
            A::CreateRoles => Self::CreateRoles,
            A::CreateKeyPair(key_pair) => Self::CreateKeyPair { key_pair },
            A::DeleteKeyPair(name) => Self::DeleteKeyPair { name },
            A::CreateGroup(group) => Self::CreateGroup { group },
            A::UpdateGroup(group) => Self::UpdateGroup { group },
            A::DeleteGroup(name) => Self::DeleteGroup { name },
            A::CreateBucket => Self::CreateBucket,
            A::Stage(objects) => Self::Stage { objects },
            A::DeleteBucket => Self::DeleteBucket,
            A::CreateCluster(spec, job) => Self::CreateCluster {
                spec,
                job: job.as_ref(),
            },
            A::StartCluster(cluster) => Self::StartCluster { cluster },
            A::AddSteps(cluster, job) => Self::AddSteps { cluster, job },
            A::UpdateCluster(cluster, spec) => Self::UpdateCluster { cluster, spec },
            A::ExtendCluster(cluster, extension) => Self::ExtendCluster { cluster, extension },
            A::RenewLease(cluster) => Self::RenewLease { cluster },
            A::Disarm(cluster) => Self::Disarm { cluster },
            A::TerminateCluster(cluster, end) => Self::TerminateCluster { cluster, end },
            A::Remember(run) => Self::Remember { run },
            A::DeleteCluster(cluster) => Self::DeleteCluster { cluster },
            A::BringHome(results) => Self::BringHome { results },
        }
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        ActionForm::of(self).serialize(to)
    }
}

schema_like!(Action, ActionForm<'static>);
