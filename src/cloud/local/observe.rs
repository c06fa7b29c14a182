//! Observes stacks by reading their folders.

use super::{Local, bucket, groups, keys, layout};
use crate::cloud::{CloudError, Observing, ReadClusters, local_results};
use crate::guard;
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, Observed};
use crate::model::place::Place;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::unarmed::Unarmed;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::path::Path;

#[async_trait(?Send)]
impl Observing for Local {
    async fn observe(
        &self,
        stack: &StackName,
        home: Option<&Path>,
    ) -> Result<Observed, CloudError> {
        let clusters = self.clusters(stack)?;
        Ok(Observed {
            at: self.clock.now(),
            key_pairs: keys::observe(&self.layout, stack)?,
            security_groups: groups::observe(&self.layout, stack)?,
            bucket: bucket::observe(&self.layout, stack)?,
            remembered: clusters.iter().flat_map(Cluster::good_runs).collect(),
            clusters,
            results_home: home.and_then(|folder| local_results::observe(stack, folder)),
        })
    }

    async fn inventory(&self, stack: &StackName) -> Result<Observed, CloudError> {
        self.observe(stack, None).await
    }

    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError> {
        self.clusters(stack)
    }

    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<ReadClusters<Cluster>, CloudError> {
        let mut clusters = Vec::new();
        for stack in self.layout.stacks()? {
            clusters.extend(self.clusters(&stack)?);
        }
        clusters.retain(|cluster| cluster.created_at >= since && !known.contains(&cluster.id));
        Cluster::oldest_first(&mut clusters);
        Ok(ReadClusters {
            read: clusters,
            unread: Vec::new(),
        })
    }

    async fn stacks(&self) -> Result<Vec<StackName>, CloudError> {
        self.layout.stacks()
    }
}

impl Local {
    pub(super) fn clusters(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError> {
        let ids = layout::names(&self.layout.clusters(stack))?;
        let ids = ids
            .into_iter()
            .filter_map(|name| name.parse::<ClusterId>().ok());
        let mut clusters = ids
            .map(|id| self.folder(stack, &id).read())
            .collect::<Result<Vec<_>, _>>()?;
        for cluster in clusters.iter_mut().filter(|c| c.state.is_live()) {
            cluster.safeguards = vec![supervisor_safeguard(cluster)];
        }
        Cluster::oldest_first(&mut clusters);
        Ok(clusters)
    }
}

/// The supervisor of a live cluster, as a safeguard.
fn supervisor_safeguard(cluster: &Cluster) -> Safeguard {
    let kind = SafeguardKind::Supervisor;
    if !cluster.attended {
        let apply = Command::clusterup("apply").stack_at(&cluster.stack, &Place::Local);
        return Safeguard::disarmed(kind, Unarmed::NeverStarted, apply);
    }
    let deadline = guard::hard_deadline(cluster).at;
    Safeguard::armed(kind, Some(deadline), "its supervisor ends it")
}
