//! What a plan's cluster costs, and how a change affects that.

use crate::cost::catalog::{Catalog, NoPrice};
use crate::cost::compare::Comparison;
use crate::cost::estimate::Estimate;
use crate::model::action::Action;
use crate::model::desired::ClusterSpec;
use crate::model::name::Region;
use crate::model::observed::Cluster;
use crate::model::plan::Plan;
use crate::model::span::Span;
use chrono::{DateTime, Utc};

/// What is needed to price a plan.
pub(crate) struct Prices<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) region: &'a Region,
    /// The stack's existing clusters.
    pub(crate) clusters: &'a [Cluster],
    /// How long the stack's last runs took, if known.
    pub(crate) expected: Option<Span>,
    pub(crate) now: DateTime<Utc>,
}

impl Prices<'_> {
    /// The estimate of the cluster that the plan creates; `None` if it creates none or a price is
    /// unknown.
    pub(crate) fn estimate(&self, plan: &Plan) -> Option<Estimate> {
        let mut actions = plan.actions.iter();
        let spec = actions.find_map(|planned| planned.action.new_cluster())?;
        self.of(spec).ok()
    }

    /// How an action changes a cluster's price; `None` if it does not, or a price is unknown.
    pub(crate) fn comparison(&self, action: &Action) -> Option<Comparison> {
        let Action::UpdateCluster(id, spec) = action else {
            return None;
        };
        let mut clusters = self.clusters.iter();
        let old = clusters.find(|cluster| cluster.id == *id)?;
        let comparison = Comparison::of(&self.of(&old.spec).ok()?, &self.of(spec).ok()?);
        (comparison.old != comparison.new).then_some(comparison)
    }

    /// The estimate of a cluster.
    ///
    /// # Errors
    /// The price that is unknown.
    pub(crate) fn of(&self, spec: &ClusterSpec) -> Result<Estimate, NoPrice> {
        let of = if spec.network.private {
            Estimate::private
        } else {
            Estimate::of
        };
        of(self.catalog, self.region, &spec.groups)
    }
}
