//! Past clusters. EMR remembers ended ones for two months (EMR API, ListClusters).

use super::Account;
use super::names;
use crate::cloud::CloudError;
use crate::cloud::api::Api;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

impl<A: Api> Account<A> {
    /// Lists clusters created since an instant, and describes each of ours that is not in `known`.
    pub(super) async fn clusters_since(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<Vec<Cluster>, CloudError> {
        // No states means all states.
        let listed = self.list_clusters(Vec::new(), Some(since)).await?;
        let mut clusters = Vec::new();
        for summary in listed {
            let Some((stack, _)) = names::of_cluster(&summary.name) else {
                continue;
            };
            let new = |id: ClusterId| !known.contains(&id);
            if summary.id.parse().is_ok_and(new) {
                clusters.extend(self.cluster(&stack, &summary.id).await?);
            }
        }
        Cluster::oldest_first(&mut clusters);
        Ok(clusters)
    }
}
