//! The closed list of things that we do to a cloud. Execution has no choice left.

use super::desired::{ClusterSpec, JobSpec, KeyPairSpec, Object};
use super::extension::Extension;
use super::name::{ClusterId, GroupName, KeyPairName};
use super::observed::{End, Run};
use super::relative::RelativePath;
use super::stack::SecurityGroup;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// EMR's roles and those of the rungs, those of them that lack.
    CreateRoles,
    CreateKeyPair(KeyPairSpec),
    DeleteKeyPair(KeyPairName),
    CreateGroup(SecurityGroup),
    UpdateGroup(SecurityGroup),
    DeleteGroup(GroupName),
    CreateBucket,
    /// Objects that the bucket lacks.
    Stage(Vec<Object>),
    DeleteBucket,
    /// One cluster with its guards and steps, in one indivisible act.
    CreateCluster(Box<ClusterSpec>, Option<JobSpec>),
    /// Goes on with a cluster that was recorded and never begun.
    StartCluster(ClusterId),
    AddSteps(ClusterId, JobSpec),
    /// Moves what can be moved of a living cluster: counts, guardrails, tags.
    UpdateCluster(ClusterId, Box<ClusterSpec>),
    /// Moves a deadline of a living cluster, on every rung.
    ExtendCluster(ClusterId, Extension),
    /// Says that somebody follows a living cluster.
    RenewLease(ClusterId),
    /// Removes what would have ended a cluster that is over.
    Disarm(ClusterId),
    /// Ends a cluster, for this reason, and waits until it is over.
    TerminateCluster(ClusterId, End),
    /// Notes that a run ended well, for when its cluster is forgotten.
    Remember(Run),
    /// Forgets a cluster that is over.
    DeleteCluster(ClusterId),
    BringHome(Results),
}

/// Results to copy from the bucket's folder `key` to `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Results {
    pub run: Run,
    pub key: RelativePath,
    pub to: PathBuf,
}

/// The sign of a change, as in every plan people know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    Create,
    Update,
    Delete,
    Run,
}

impl Action {
    /// The cluster that it makes, if it makes one.
    pub fn new_cluster(&self) -> Option<&ClusterSpec> {
        if let Self::CreateCluster(spec, _) = self {
            return Some(spec);
        }
        None
    }

    /// Whether it makes, changes or runs something, which policies are asked about first. What only
    /// removes, ends or brings home needs nobody's leave.
    pub const fn asks(&self) -> bool {
        match self {
            Self::CreateRoles
            | Self::CreateKeyPair(_)
            | Self::CreateGroup(_)
            | Self::UpdateGroup(_)
            | Self::CreateBucket
            | Self::Stage(_)
            | Self::CreateCluster(..)
            | Self::StartCluster(_)
            | Self::AddSteps(..)
            | Self::UpdateCluster(..)
            | Self::ExtendCluster(..) => true,
            Self::DeleteKeyPair(_)
            | Self::DeleteGroup(_)
            | Self::DeleteBucket
            | Self::RenewLease(_)
            | Self::Disarm(_)
            | Self::TerminateCluster(..)
            | Self::Remember(_)
            | Self::DeleteCluster(_)
            | Self::BringHome(_) => false,
        }
    }

    pub fn sign(&self) -> Sign {
        match self {
            Self::CreateRoles
            | Self::CreateKeyPair(_)
            | Self::CreateGroup(_)
            | Self::CreateBucket
            | Self::CreateCluster(..) => Sign::Create,
            Self::UpdateGroup(_) | Self::UpdateCluster(..) | Self::ExtendCluster(..) => {
                Sign::Update
            }
            Self::DeleteKeyPair(_)
            | Self::DeleteGroup(_)
            | Self::DeleteBucket
            | Self::DeleteCluster(_)
            | Self::Disarm(_)
            | Self::TerminateCluster(..) => Sign::Delete,
            Self::Stage(_)
            | Self::StartCluster(_)
            | Self::AddSteps(..)
            | Self::Remember(_)
            | Self::RenewLease(_)
            | Self::BringHome(_) => Sign::Run,
        }
    }
}
