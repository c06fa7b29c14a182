//! The one conversion of EMR's replies about a cluster: to a [`crate::model::observed::Cluster`] if
//! clusterup created it, otherwise to a [`crate::model::fleet::ForeignCluster`]. Plans, safeguards
//! and the watchdog read clusters here and nowhere else, so they cannot disagree. Pure.

mod adopted;
mod fleets;
mod foreign;
mod ours;
mod step;

pub(super) use self::foreign::owner;
pub(super) use self::step::all as steps;

use super::last_observation::{LastObservation, Replies};
use crate::cloud::api::emr;
use crate::cost::catalog::Catalog;
use crate::model::fleet::AnyCluster;
use crate::model::instance::Nodes;
use crate::model::name::{Region, StackName};
use crate::model::span::Span;
use crate::model::stack::InstanceGroup;
use chrono::{DateTime, Utc};

/// EMR takes 5 to 20 minutes to end a cluster and release its instances (EMR Management Guide,
/// "Terminate a cluster").
pub const ENDING: Span = Span::from_secs(20 * 60);

/// Who created a cluster, as `creator` and the bucket's note decide it.
pub(super) enum Creator {
    /// clusterup, for this stack.
    Stack(StackName),
    /// Somebody else, or in doubt: then why.
    Other { disputed: Option<String> },
}

/// The inputs of a conversion besides the replies.
pub(super) struct Reader<'a> {
    /// The notes of the stack's last observation.
    pub(super) known: &'a LastObservation,
    /// The prices of foreign clusters.
    pub(super) prices: &'a Catalog,
    pub(super) region: &'a Region,
    pub(super) now: DateTime<Utc>,
}

impl Reader<'_> {
    /// Converts the replies about a cluster, and its steps, oldest first. `None` if they do not
    /// have what a cluster must have.
    pub(super) fn read(
        &self,
        creator: Creator,
        replies: &Replies,
        steps: Vec<emr::Step>,
    ) -> Option<AnyCluster> {
        match creator {
            Creator::Stack(stack) => {
                let ours = self.ours(&stack, replies, steps)?;
                Some(AnyCluster::Ours(Box::new(ours)))
            }
            Creator::Other { disputed } => {
                let foreign = self.foreign(replies, disputed)?;
                Some(AnyCluster::Foreign(Box::new(foreign)))
            }
        }
    }
}

/// A group as it was requested. `None` if its instance type is not known.
fn instance_group(group: &emr::InstanceGroup) -> Option<InstanceGroup> {
    Some(InstanceGroup {
        nodes: Nodes {
            count: group.requested,
            instance_type: group.instance_type.parse().ok()?,
        },
        market: group.market,
        ebs: None,
        bid: None,
        fleet: None,
    })
}
