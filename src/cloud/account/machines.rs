//! When the instances of a cluster ran, as EMR lists them: of a cluster that ended before it was
//! ready, and of one whose instances vary. EMR may have refused a cluster while STARTING, before any
//! instance existed, so nothing is charged until they are listed.

use super::Account;
use super::errors::Context;
use super::last_observation::Replies;
use super::names::SIZES;
use super::spec;
use crate::cloud::CloudError;
use crate::cloud::api::Api;
use crate::cloud::api::emr::{self, Instance, ListInstances};
use crate::cost::meter::rate;
use crate::guard::Terms;
use crate::model::desired::ClusterSpec;
use crate::model::instance_span::{InstanceSpan, Role};
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use crate::model::sizes::Sizes;
use crate::model::worst_mix;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// EMR lists ended instances for 30 days (EMR API, ListInstances). After that an empty list proves
/// nothing.
const LISTED: TimeDelta = TimeDelta::days(29);

/// EMR lists no more instances (EMR API, ListInstances).
const MOST_LISTED: usize = 2_000;

/// When the instances of a cluster ran, and when EMR listed that.
#[derive(Debug, Clone)]
pub(super) struct Machines {
    pub(super) spans: Vec<InstanceSpan>,
    pub(super) read_at: DateTime<Utc>,
}

impl<A: Api> Account<A> {
    /// When the instances ran, from EMR's list, if the cluster's own times do not tell. If the list
    /// cannot be read, as this process last read it; `None` if it has not.
    pub(super) async fn machines(
        &self,
        cluster: &emr::Cluster,
        groups: &[emr::InstanceGroup],
        fleets: &[emr::InstanceFleet],
    ) -> Option<Machines> {
        if !must_list_machines(cluster, self.settings.clock.now()) {
            return None;
        }
        let listed = self.listed(cluster, groups, fleets).await.ok().flatten();
        listed.or_else(|| {
            let observed = self.observed.borrow();
            let before = observed.clusters.get(&cluster.id.parse().ok()?)?;
            before.machines.clone().filter(|_| cluster.state.is_live())
        })
    }

    /// Lists the instances of a living cluster again whose instances vary, and reads the limits
    /// within which they vary: these may have changed since the observation. If something cannot be
    /// read, nothing is known of its instances, and its safeguards stay as they are.
    pub(super) async fn count_again(&self, id: &ClusterId) {
        let observed = self.observed.borrow().clusters.get(id).cloned();
        let Some(observed) = observed.filter(|it| it.cluster.state.is_live()) else {
            return;
        };
        if !must_list_machines(&observed.cluster, self.settings.clock.now()) {
            return;
        }
        let mut again = observed;
        let read = self.read_again(&mut again).await;
        if read.is_none() {
            again.machines = None;
        }
        if let Some(observed) = self.observed.borrow_mut().clusters.get_mut(id) {
            *observed = again;
        }
    }

    /// Replaces what is known of a cluster's instances; `None` if something cannot be read.
    async fn read_again(&self, known: &mut Replies) -> Option<()> {
        let cluster = self.describe(&known.cluster.id).await.ok().flatten()?;
        let (collections, scaling) =
            tokio::join!(self.collections(&cluster), self.scaling_of(&cluster));
        let ((groups, fleets), scaling) = (collections.ok()?, scaling.ok()?);
        let listed = self.listed(&cluster, &groups, &fleets).await;
        known.machines = Some(listed.ok().flatten()?);
        (known.cluster, known.groups, known.fleets, known.scaling) =
            (cluster, groups, fleets, scaling);
        Some(())
    }

    /// `None` if the list is not complete: it has as many instances as EMR lists, or a living cluster
    /// has no primary in it.
    pub(super) async fn listed(
        &self,
        cluster: &emr::Cluster,
        groups: &[emr::InstanceGroup],
        fleets: &[emr::InstanceFleet],
    ) -> Result<Option<Machines>, CloudError> {
        let read_at = self.settings.clock.now();
        let all = self.list_instances(&cluster.id).await?;
        if all.len() >= MOST_LISTED {
            return Ok(None);
        }
        let mut spans = Vec::new();
        if all.iter().any(|it| it.machine.is_some()) {
            // Of an ended cluster they have not been read.
            let (mut groups, mut fleets) = (groups.to_vec(), fleets.to_vec());
            if groups.is_empty() && fleets.is_empty() {
                (groups, fleets) = self.collections(cluster).await?;
            }
            spans = instance_spans(cluster, &all, &groups, &fleets);
        }
        let lives = |span: &InstanceSpan| span.role == Role::Primary && span.until.is_none();
        let is_whole = !cluster.state.is_live() || spans.iter().any(lives);
        Ok(is_whole.then_some(Machines { spans, read_at }))
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

/// Whether EMR's list has what a cluster's own times do not tell: of a cluster that ended without ever
/// being ready, and of one whose instances vary, as long as EMR lists its instances.
pub(super) fn must_list_machines(cluster: &emr::Cluster, now: DateTime<Utc>) -> bool {
    let ended = cluster.ended_at.unwrap_or(now);
    let listed = now - ended < LISTED;
    let unready = cluster.state.is_over() && cluster.ready_at.is_none();
    listed && (unready || varies(cluster))
}

/// Whether EMR chooses the cluster's instances or their number, or has done so.
pub(super) fn varies(cluster: &emr::Cluster) -> bool {
    let sizes = cluster.tags.get(SIZES);
    let sizes = sizes.and_then(|text| text.parse::<Sizes>().ok());
    cluster.has_fleets
        || sizes.is_some_and(|sizes| sizes.varies())
        || spec::read(&cluster.tags).is_some_and(|spec| spec.groups.varies())
}

/// The instance spans of a living cluster that is changed to a spec `now`. If its instances vary, it
/// may have the dearer ones of both specs until they are listed again: those that leave take time.
pub(super) fn spans_once_changed(
    have: &Cluster,
    want: &ClusterSpec,
    sizes: &Sizes,
    now: DateTime<Utc>,
) -> Vec<InstanceSpan> {
    let varies = have.counted_at.is_some() || have.spec.groups.varies();
    let Some(rates) = want
        .rates
        .as_ref()
        .filter(|_| varies || want.groups.varies())
    else {
        return sizes.instance_spans(&want.groups, have.created_at, None);
    };
    let mut spans = Terms::of(have).instance_spans;
    let once_changed = worst_mix::spans(&want.groups, Some(rates), now, None);
    if rate(rates, &once_changed, now) >= rate(rates, &spans, now) {
        for span in spans.iter_mut().filter(|span| span.until.is_none()) {
            span.until = Some(now);
        }
        spans.extend(once_changed);
    }
    spans
}

/// An instance of an unlisted group counts as a primary, whose price is always known.
fn instance_spans(
    cluster: &emr::Cluster,
    all: &[Instance],
    groups: &[emr::InstanceGroup],
    fleets: &[emr::InstanceFleet],
) -> Vec<InstanceSpan> {
    let role = |id: &str| {
        let group = groups.iter().find(|it| it.id == id).map(|it| it.role);
        let fleet = || fleets.iter().find(|it| it.id == id).map(|it| it.role);
        match group.or_else(fleet) {
            Some(emr::Role::Primary) | None => Role::Primary,
            Some(emr::Role::Core) => Role::Core,
            Some(emr::Role::Task) => Role::Task,
        }
    };
    let mut counts: BTreeMap<_, u16> = BTreeMap::new();
    for instance in all.iter().filter(|it| it.machine.is_some()) {
        let from = instance.created_at.unwrap_or(cluster.created_at);
        let until = instance.ended_at.or(cluster.ended_at);
        let instance_type = instance.instance_type.parse().ok();
        let instance_type = instance_type.filter(|_| cluster.has_fleets);
        let count = counts.entry((role(&instance.group), from, until, instance_type));
        let count = count.or_default();
        *count = count.saturating_add(1);
    }
    let instance_span = |((role, from, until, instance_type), count)| InstanceSpan {
        role,
        from,
        until,
        count,
        instance_type,
    };
    counts.into_iter().map(instance_span).collect()
}
