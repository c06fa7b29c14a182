//! What clusters there were. EMR remembers ended ones for two months (EMR API, ListClusters).

use super::Account;
use super::names;
use crate::cloud::CloudError;
use crate::cloud::api::Api;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

impl<A: Api> Account<A> {
    /// One listing, and a description of each of ours that is not known.
    pub(super) async fn past(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<Vec<Cluster>, CloudError> {
        // No states are all of them.
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
