//! The instances of a cluster that ended before it was ready. EMR may have refused it while
//! STARTING, before any instance existed, so nothing is charged until they are listed.

use super::Account;
use super::errors::Context;
use crate::cloud::CloudError;
use crate::cloud::api::Api;
use crate::cloud::api::emr::{self, Instance, InstanceGroup, ListInstanceGroups, ListInstances};
use crate::model::instance_span::{InstanceSpan, Role};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// EMR lists ended instances for 30 days (EMR API, ListInstances). After that an empty list proves
/// nothing.
const LISTED: TimeDelta = TimeDelta::days(29);

impl<A: Api> Account<A> {
    /// When the instances ran, from EMR's list, if the cluster's own times do not tell. `None` if
    /// the list cannot be read.
    pub(super) async fn machines(&self, cluster: &emr::Cluster) -> Option<Vec<InstanceSpan>> {
        if !must_list_machines(cluster, self.settings.clock.now()) {
            return None;
        }
        self.listed(cluster).await.ok()
    }

    async fn listed(&self, cluster: &emr::Cluster) -> Result<Vec<InstanceSpan>, CloudError> {
        let id = &cluster.id;
        let all = self.list_instances(id).await?;
        if all.iter().all(|it| it.machine.is_none()) {
            return Ok(Vec::new());
        }
        let groups = self.api.serve(ListInstanceGroups { id: id.clone() }).await;
        let groups = groups.with_context(|| format!("list the instance groups of {id}"))?;
        Ok(instance_spans(cluster, &all, &groups))
    }

    /// The instances that EMR lists for a cluster.
    pub(super) async fn list_instances(&self, id: &str) -> Result<Vec<Instance>, CloudError> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let id = id.to_owned();
            let call = ListInstances { id, next };
            let page = self.api.serve(call).await;
            let page = page.with_context(|| "list the instances of the cluster".to_owned())?;
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(all);
            }
        }
    }
}

/// Whether a cluster ended without ever being ready, and EMR still lists its instances.
pub(super) fn must_list_machines(cluster: &emr::Cluster, now: DateTime<Utc>) -> bool {
    let ended = cluster.ended_at.unwrap_or(now);
    cluster.state.is_over() && cluster.ready_at.is_none() && now - ended < LISTED
}

/// An instance of an unlisted group counts as a primary, whose price is always known.
fn instance_spans(
    cluster: &emr::Cluster,
    all: &[Instance],
    groups: &[InstanceGroup],
) -> Vec<InstanceSpan> {
    let role = |group: &str| {
        let group = groups.iter().find(|it| it.id == group);
        match group.map(|group| group.role) {
            Some(emr::Role::Primary) | None => Role::Primary,
            Some(emr::Role::Core) => Role::Core,
            Some(emr::Role::Task) => Role::Task,
        }
    };
    let mut counts: BTreeMap<_, u16> = BTreeMap::new();
    for instance in all.iter().filter(|it| it.machine.is_some()) {
        let from = instance.created_at.unwrap_or(cluster.created_at);
        let until = instance.ended_at.or(cluster.ended_at);
        let count = counts.entry((role(&instance.group), from, until));
        let count = count.or_default();
        *count = count.saturating_add(1);
    }
    let instance_span = |((role, from, until), count)| InstanceSpan {
        role,
        from,
        until,
        count,
        instance_type: None,
    };
    counts.into_iter().map(instance_span).collect()
}
