//! Reads an adopted cluster as if clusterup had created it with the guardrails of its adoption.

use super::step::step;
use super::{Reader, fleets, instance_group, ours};
use crate::cloud::account::ended;
use crate::cloud::account::last_observation::{Replies, Scheduled};
use crate::cloud::api::emr::{self, Role};
use crate::cost::estimate::Estimate;
use crate::model::adoption::Adoption;
use crate::model::desired::{ClusterSpec, InstanceGroups};
use crate::model::instance_span::{self, InstanceSpan};
use crate::model::observed::Cluster;
use crate::model::rates::Rates;
use crate::model::sizes::Sizes;
use crate::model::stack::{InstanceGroup, WhenDone};
use chrono::TimeDelta;

impl Reader<'_> {
    /// `None` if the replies do not have what a cluster must have. Its rates are those of the adoption,
    /// completed by the catalog's for what it has got since; without any, the catalog's.
    pub(in crate::cloud::account) fn adopted(
        &self,
        replies: &Replies,
        steps: Vec<emr::Step>,
        adoption: &Adoption,
    ) -> Option<Cluster> {
        let cluster = &replies.cluster;
        let stack = Adoption::stack()?;
        let groups = self.groups(replies);
        let rates = groups.as_ref().and_then(|groups| self.today(groups));
        let mut spec = ours::bare(&stack, replies, self.known)?;
        if let Some(groups) = groups {
            spec.size = groups.size();
            spec.groups = groups;
        }
        spec.rates = match (&adoption.rates, rates) {
            (Some(recorded), Some(today)) => Some(recorded.clone().completed_by(&today)),
            (recorded, today) => recorded.clone().or(today),
        };
        spec = ClusterSpec {
            label: Some(cluster.release.clone()),
            team: adoption.team.clone(),
            guardrails: adoption.guardrails(),
            budgets: adoption.budgets.clone(),
            termination_protection: false,
            ..spec
        };
        if !cluster.keep_alive {
            spec.guardrails.when_done = WhenDone::Terminate;
        }
        let id = cluster.id.parse().ok()?;
        let mut read = Cluster {
            state: cluster.state,
            ready_at: cluster.ready_at,
            ended_at: cluster.ended_at,
            steps: steps.into_iter().filter_map(step).collect(),
            owner: adoption.owner.clone().or_else(|| Some(adoption.by.clone())),
            extensions: adoption.extensions.clone(),
            ..Cluster::new(id, stack, spec, cluster.created_at)
        };
        count(&mut read, replies);
        let sizes = Sizes::of(&read.spec.groups);
        read.end = ended::end(cluster, &read, &sizes, self.now);
        Some(read)
    }

    /// The groups as EMR reports them. Several task groups count as one of the dearest type.
    fn groups(&self, replies: &Replies) -> Option<InstanceGroups> {
        let fleet = |role| replies.fleets.iter().find(|fleet| fleet.role == role);
        let of = |role: Role| match fleet(role) {
            Some(fleet) => fleets::as_group(fleet),
            None => self.together(replies.groups.iter().filter(|group| group.role == role)),
        };
        let scaling = replies.scaling.as_ref().and_then(Option::as_ref);
        Some(InstanceGroups {
            primary: of(Role::Primary)?,
            core: of(Role::Core),
            task: of(Role::Task),
            root_volume: replies.cluster.root_volume,
            scaling: scaling.map(|policy| policy.limits),
        })
    }

    fn together<'a>(
        &self,
        groups: impl Iterator<Item = &'a emr::InstanceGroup>,
    ) -> Option<InstanceGroup> {
        let groups: Vec<InstanceGroup> = groups.filter_map(instance_group).collect();
        let nodes = groups.iter().map(|group| group.nodes.count);
        let nodes = nodes.fold(0, u16::saturating_add);
        let hourly = |group: &InstanceGroup| {
            let of = self.prices.ec2(self.region, group.instance_type()).ok();
            of.map(|price| price.usd)
        };
        // A type without a price makes the price of the cluster unknown.
        let key = |group: &InstanceGroup| (hourly(group).is_none(), hourly(group));
        let mut dearest = groups.into_iter().max_by_key(key)?;
        dearest.nodes.count = nodes;
        Some(dearest)
    }

    /// The catalog's rates of these groups, each type by its name too.
    fn today(&self, groups: &InstanceGroups) -> Option<Rates> {
        let mut rates = Estimate::of(self.prices, self.region, groups)
            .ok()?
            .rates()?;
        for role in instance_span::Role::ALL {
            let group = groups.of_role(role).filter(|group| group.fleet.is_none());
            if let Some(group) = group {
                let of = (role, group.instance_type().clone());
                rates.types.insert(of, rates.of(role));
            }
        }
        Some(rates)
    }
}

/// Counts its instances: as EMR lists them, or else the present ones since its creation. If they
/// cannot be listed now, the deadline of its budget stays where its schedule is.
fn count(read: &mut Cluster, replies: &Replies) {
    let live = read.state.is_live();
    match &replies.machines {
        Some(listed) => {
            read.instance_spans = spans(&listed.spans, replies);
            read.counted_at = live.then_some(listed.read_at);
        }
        None => {
            let sizes = Sizes::of(&read.spec.groups);
            read.instance_spans = sizes.spans_of(&read.spec, read.created_at, read.ended_at);
            read.estimated = !live;
            if let Scheduled::There(schedule) = &replies.schedule {
                read.allowed_until = live.then(|| schedule.at + TimeDelta::minutes(1));
            }
        }
    }
}

/// The listed spans. Until EMR has launched the first instances of a cluster, those that it requested.
fn spans(listed: &[InstanceSpan], replies: &Replies) -> Vec<InstanceSpan> {
    let until = replies
        .cluster
        .ended_at
        .filter(|_| !replies.cluster.state.is_live());
    let mut spans = listed.to_vec();
    for span in spans.iter_mut().filter(|span| span.until.is_none()) {
        span.until = until;
    }
    spans
}
