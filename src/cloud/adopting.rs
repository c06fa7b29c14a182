//! The role of an account that adopts clusters which others created: what it is asked for, and what it
//! answers.

use super::CloudError;
use crate::guard::{Deadline, Unadoptable};
use crate::model::adoption::{Adopted, AdoptedLimits};
use crate::model::extension::Extension;
use crate::model::name::{ClusterId, TeamName};
use crate::model::recorded_budget::RecordedBudget;
use crate::model::safeguard::SafeguardState;
use crate::model::shown::Untrusted;
use crate::model::span::Span;
use crate::model::unarmed::Unarmed;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a cluster is to be adopted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionRequest {
    /// Who adopts it, as `user@host`.
    pub by: Untrusted,
    /// Who is responsible for it; `None` for who adopts it.
    pub owner: Option<Untrusted>,
    /// The team that pays.
    pub team: Option<TeamName>,
    /// Its limits. Of a cluster that is adopted already, those that are not named stay.
    pub limits: AdoptedLimits,
    /// The monthly budgets that it counts against.
    pub budgets: Vec<RecordedBudget>,
}

/// What adopting a cluster changes about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AdoptionPlan {
    /// The cluster with its guardrails.
    pub adopted: Adopted,
    /// Its hard deadline.
    pub deadline: Deadline,
    /// Whether it is adopted already.
    pub again: bool,
    /// The tags that it gets.
    pub tags: BTreeMap<String, String>,
    /// When its schedule will end it, if that is written.
    pub schedule_at: Option<DateTime<Utc>>,
    /// EMR's idle timeout, if that is set.
    pub idle_timeout: Option<Span>,
    /// EMR's idle timeout that somebody else has set, which stays.
    pub own_idle_timeout: Option<Span>,
    /// Since when it has been idle, if for longer than the idle timeout: EMR's idle policy might end it
    /// at once, so it is not set.
    pub idle_since: Option<DateTime<Utc>>,
}

impl AdoptionPlan {
    /// Whether the role is missing with which schedules end clusters.
    pub fn lacks_role(&self) -> bool {
        let no_role = |why: &Unarmed| matches!(why, Unarmed::NoRole(_));
        let mut all = self.adopted.cluster.safeguards.iter();
        all.any(|it| matches!(&it.state, SafeguardState::Disarmed { why, .. } if no_role(why)))
    }
}

/// What a release has taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Released {
    /// The cluster.
    pub id: ClusterId,
    /// Whether it lives on.
    pub is_live: bool,
    /// The idle timeout of EMR that was removed.
    pub idle_timeout: Option<Span>,
    /// EMR's idle timeout that stays: the adoption has not set it.
    pub own_idle_timeout: Option<Span>,
}

/// A cluster that could not be read.
#[derive(Debug)]
pub struct UnreadCluster {
    /// The cluster.
    pub id: ClusterId,
    /// Why.
    pub error: CloudError,
}

/// Clusters of one place. One that cannot be read hides no other.
#[derive(Debug)]
pub struct ReadClusters<T> {
    /// Those that were read, oldest first.
    pub read: Vec<T>,
    /// Those that could not be read.
    pub unread: Vec<UnreadCluster>,
}

/// Why a cluster was not adopted.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It cannot be.
    #[error(transparent)]
    Refused(#[from] Unadoptable),
    /// A call failed.
    #[error(transparent)]
    Cloud(#[from] CloudError),
}

/// Guardrails for clusters that others created. All methods are idempotent: after an interruption, the
/// same call does what is missing.
#[async_trait(?Send)]
pub trait Adopting {
    /// An adopted cluster; `None` if nobody has adopted it or EMR does not know it.
    async fn adopted(&self, id: &ClusterId) -> Result<Option<Adopted>, CloudError>;

    /// All adopted clusters that EMR knows, oldest first; living ones and ended ones.
    ///
    /// # Errors
    /// Returns an error if the records cannot be listed.
    async fn all_adopted(&self) -> Result<ReadClusters<Adopted>, CloudError>;

    /// What adopting a cluster would change. Changes nothing.
    async fn plan_adoption(
        &self,
        id: &ClusterId,
        request: &AdoptionRequest,
    ) -> Result<AdoptionPlan, AdoptError>;

    /// Adopts a cluster, or completes or tightens its adoption. If the cluster ends meanwhile, what was
    /// done is undone, and it is refused.
    async fn adopt(
        &self,
        id: &ClusterId,
        request: &AdoptionRequest,
    ) -> Result<AdoptionPlan, AdoptError>;

    /// Adopts a cluster that nobody has adopted; `None` if somebody else has, or is releasing it. Their
    /// limits stay.
    async fn adopt_if_new(
        &self,
        id: &ClusterId,
        request: &AdoptionRequest,
    ) -> Result<Option<AdoptionPlan>, AdoptError>;

    /// Takes an adoption off a cluster again; `None` if it is not adopted.
    async fn release(&self, id: &ClusterId) -> Result<Option<Released>, CloudError>;

    /// Writes the schedule of an adopted cluster if it is missing or does not match the cluster's
    /// deadline. Returns when it fires, if it was written.
    async fn schedule_adopted(&self, id: &ClusterId) -> Result<Option<DateTime<Utc>>, CloudError>;

    /// Records an extension of an adopted cluster's deadline and moves its schedule. `None` if nobody has
    /// adopted it.
    async fn extend_adopted(
        &self,
        id: &ClusterId,
        extension: &Extension,
    ) -> Result<Option<Adopted>, CloudError>;

    /// Creates the role with which schedules end clusters, and the others that clusterup needs.
    async fn create_roles(&self) -> Result<(), CloudError>;
}
