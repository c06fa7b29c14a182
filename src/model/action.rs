//! The closed list of actions that a plan can contain. They leave no choice to execution.

use super::desired::{ClusterSpec, JobSpec, KeyPairSpec, Object};
use super::extension::Extension;
use super::name::{ClusterId, GroupName, KeyPairName};
use super::observed::{End, Run};
use super::relative::RelativePath;
use super::stack::SecurityGroup;
use serde::Serialize;
use std::path::PathBuf;

/// An action on a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Creates the missing ones of EMR's roles and of the safeguards' roles.
    CreateRoles,
    /// Creates a key pair.
    CreateKeyPair(KeyPairSpec),
    /// Deletes a key pair.
    DeleteKeyPair(KeyPairName),
    /// Creates a security group.
    CreateGroup(SecurityGroup),
    /// Sets the rules of a security group.
    UpdateGroup(SecurityGroup),
    /// Deletes a security group.
    DeleteGroup(GroupName),
    /// Creates the stack's bucket.
    CreateBucket,
    /// Uploads objects that are missing in the bucket.
    Stage(Vec<Object>),
    /// Deletes the stack's bucket with its objects.
    DeleteBucket,
    /// Creates a cluster with its guards and steps, in one call.
    CreateCluster(Box<ClusterSpec>, Option<JobSpec>),
    /// Starts a cluster that was recorded and never started.
    StartCluster(ClusterId),
    /// Adds a job's steps to a living cluster.
    AddSteps(ClusterId, JobSpec),
    /// Changes what can be changed of a living cluster: counts, guardrails, tags.
    UpdateCluster(ClusterId, Box<ClusterSpec>),
    /// Moves a deadline of a living cluster in every safeguard.
    ExtendCluster(ClusterId, Extension),
    /// Renews the lease of a living cluster.
    RenewLease(ClusterId),
    /// Removes the safeguards of a cluster that is over.
    Disarm(ClusterId),
    /// Terminates a cluster for a reason, and waits until it is over.
    TerminateCluster(ClusterId, End),
    /// Records that a run completed, for when its cluster is deleted.
    Remember(Run),
    /// Deletes the record of a cluster that is over.
    DeleteCluster(ClusterId),
    /// Downloads the results of a run.
    BringHome(Results),
}

/// Results to download from the bucket's folder `key` to `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Results {
    /// The run that wrote them.
    pub run: Run,
    /// The folder in the bucket.
    pub key: RelativePath,
    /// The folder on this machine.
    pub to: PathBuf,
}

/// The sign of a change in a printed plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// `+`.
    Create,
    /// `~`.
    Update,
    /// `-`.
    Delete,
    /// `>`.
    Run,
}

impl Action {
    /// The cluster that the action creates, if it does.
    pub fn new_cluster(&self) -> Option<&ClusterSpec> {
        if let Self::CreateCluster(spec, _) = self {
            return Some(spec);
        }
        None
    }

    /// Whether it creates, changes or runs something, so that policies must admit it. Removing,
    /// ending and downloading need no admission.
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

    /// The sign in a printed plan.
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
