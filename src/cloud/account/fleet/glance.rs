//! Clusters as a listing and their tags show them, many to a call.

use crate::cloud::CloudError;
use crate::cloud::account::errors::Context;
use crate::cloud::account::names::of_cluster;
use crate::cloud::account::{Account, reader};
use crate::cloud::api::tagging::{GetResources, MAX_RESOURCES};
use crate::cloud::api::{Api, Tags};
use crate::model::fleet::{AnyCluster, ClusterSnapshot, ForeignCluster, ListedCluster, Seen};
use crate::model::name::ClusterId;
use std::collections::BTreeMap;

/// How the keys of clusterup's own tags begin.
const OWN_TAGS: &str = "clusterup";

impl<A: Api> Account<A> {
    /// The tags of clusters of the last listing. A cluster without tags is left out.
    pub(super) async fn tags_of(
        &self,
        ids: &[ClusterId],
    ) -> Result<BTreeMap<ClusterId, Tags>, CloudError> {
        let of_arn: BTreeMap<String, ClusterId> = {
            let arns = self.fleet.arns.borrow();
            let known = ids.iter().filter_map(|id| Some((arns.get(id)?, id)));
            let whole = known.filter(|(arn, _)| !arn.is_empty());
            whole.map(|(arn, id)| (arn.clone(), id.clone())).collect()
        };
        let arns: Vec<String> = of_arn.keys().cloned().collect();
        let mut tags = BTreeMap::new();
        for some in arns.chunks(MAX_RESOURCES) {
            let arns = some.to_vec();
            let reply = self.api.serve(GetResources { arns }).await;
            let reply = reply.with_context(|| "read the tags of clusters".to_owned())?;
            // Only what was asked for: the reply may name other resources.
            let asked = reply
                .into_iter()
                .filter_map(|tagged| Some((of_arn.get(&tagged.arn)?.clone(), tagged.tags)));
            tags.extend(asked);
        }
        Ok(tags)
    }

    /// Whether its name says that clusterup created it, or a record that it was adopted.
    pub(super) fn is_claimed(&self, listed: &ListedCluster) -> bool {
        of_cluster(listed.name.as_str()).is_some() || self.is_known_adopted(&listed.id)
    }

    /// A cluster of somebody else, as a listing and its tags show it. `None` if its name or a tag
    /// claims that clusterup has to do with it, or if it was adopted: then the claim has to be checked, or
    /// its deadline read.
    pub(super) fn listed_snapshot(
        &self,
        listed: &ListedCluster,
        tags: Tags,
    ) -> Option<ClusterSnapshot> {
        let has_own_tag = tags.keys().any(|key| key.starts_with(OWN_TAGS));
        if self.is_claimed(listed) || has_own_tag {
            return None;
        }
        let cluster = ForeignCluster {
            id: listed.id.clone(),
            state: listed.state,
            created_at: listed.created_at,
            ready_at: listed.ready_at,
            ended_at: None,
            rates: None,
            instance_spans: Vec::new(),
            disputed: None,
            adopted: None,
        };
        Some(ClusterSnapshot {
            place: self.place.clone(),
            looked_at: self.settings.clock.now(),
            cluster: AnyCluster::Foreign(Box::new(cluster)),
            name: listed.name.clone(),
            owner: reader::owner(&tags).map(Into::into),
            protected: false,
            applications: Vec::new(),
            seen: Seen::Listed { worked_at: None },
            // A mark is a tag of clusterup.
            mark: None,
            tags,
        })
    }
}
