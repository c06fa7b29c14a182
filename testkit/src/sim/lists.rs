//! EMR's calls that read.

use super::cluster::Cluster;
use super::refusal::{Refusal, invalid};
use super::tagging::arn;
use super::varying::Machine;
use super::world::{Answer, State, no_cluster};
use clusterup::cloud::api::Page;
use clusterup::cloud::api::emr::{
    self, BlockPublicAccess, DescribeCluster, GetAutoTerminationPolicy, GetBlockPublicAccess,
    Instance, InstanceGroup, ListClusters, ListInstanceGroups, ListInstances, ListReleaseLabels,
    ListSteps, Step, Summary,
};
use clusterup::model::span::Span;

const PAGE: usize = 50;
/// Small, so that there are pages; EMR's own are longer.
const INSTANCES: usize = 2;
/// EMR shows so many of a cluster's steps.
const STEPS_SHOWN: usize = 1_000;
/// The newest 7.x that there is.
const NEWEST_MINOR: u32 = 14;

impl Answer for DescribeCluster {
    fn answer(self, state: &mut State) -> Result<emr::Cluster, Refusal> {
        let cluster = state.cluster(&self.id)?;
        if cluster.reported_from > state.now {
            return Err(no_cluster(&self.id));
        }
        Ok(cluster.seen())
    }
}

impl Answer for ListClusters {
    fn answer(self, state: &mut State) -> Result<Page<Summary>, Refusal> {
        let now = state.now;
        let wanted = |cluster: &&Cluster| {
            let after = self
                .created_after
                .is_none_or(|after| cluster.created_at > after);
            let state = self.states.is_empty() || self.states.contains(&cluster.state);
            after && state && cluster.listed_from <= now
        };
        // Sorted by ids, which are random, because AWS guarantees no order.
        let marker = self.next.as_deref().unwrap_or_default();
        let behind = |cluster: &&Cluster| cluster.id.as_str() > marker;
        let clusters = state.clusters.values().filter(behind).filter(wanted);
        let found = clusters.map(|cluster| Summary {
            id: cluster.id.clone(),
            arn: arn(&cluster.id),
            name: cluster.order.name.clone(),
            state: cluster.state,
            created_at: cluster.created_at,
            ready_at: cluster.ready_at,
        });
        Ok(page(found, |summary| summary.id.clone()))
    }
}

impl Answer for ListSteps {
    fn answer(self, state: &mut State) -> Result<Page<Step>, Refusal> {
        let (cluster, now) = (state.cluster(&self.id)?, state.now);
        // Steps are listed as late as their cluster.
        let late = cluster.reported_from - cluster.created_at;
        let is_visible = |step: &&super::cluster::Step| step.created_at + late <= now;
        let steps = cluster.steps.iter().rev().filter(is_visible);
        let shown = steps.take(STEPS_SHOWN);
        let skipped = match &self.next {
            None => 0,
            Some(marker) => {
                let at = shown.clone().position(|step| step.id == *marker);
                at.ok_or_else(|| invalid("The marker is invalid"))? + 1
            }
        };
        let found = shown.skip(skipped).map(|step| Step {
            id: step.id.clone(),
            name: step.order.name.clone(),
            state: step.state,
            created_at: Some(step.created_at),
            started_at: step.started_at,
            ended_at: step.ended_at,
            failure: step.failure.clone(),
        });
        Ok(page(found, |step| step.id.clone()))
    }
}

/// The first of a list, with the last of them as the place to go on from.
fn page<T>(list: impl Iterator<Item = T>, marker: impl Fn(&T) -> String) -> Page<T> {
    let mut list = list.peekable();
    let items: Vec<T> = list.by_ref().take(PAGE).collect();
    let more = list.peek().is_some();
    let next = items.last().filter(|_| more).map(marker);
    Page { items, next }
}

impl Answer for ListInstanceGroups {
    fn answer(self, state: &mut State) -> Result<Vec<InstanceGroup>, Refusal> {
        let cluster = state.cluster(&self.id)?;
        if !cluster.order.fleets.is_empty() {
            return Err(invalid(
                "Instance fleets and instance groups are mutually exclusive. The EMR cluster \
                 specified in the request uses instance fleets.",
            ));
        }
        let groups = cluster.groups.iter();
        let seen = groups.map(|group| InstanceGroup {
            id: group.id.clone(),
            role: group.order.role,
            instance_type: group.order.instance_type.clone(),
            market: group.order.market,
            requested: group.requested,
            running: group.running_at(state.now),
        });
        Ok(seen.collect())
    }
}

impl Answer for ListInstances {
    fn answer(self, state: &mut State) -> Result<Page<Instance>, Refusal> {
        if state.cluster(&self.id)?.varying.is_some() {
            return Ok(varying_page(state, &self));
        }
        let cluster = state.cluster(&self.id)?;
        let launched = cluster.launched_at.filter(|at| *at <= state.now);
        let groups = cluster.groups.iter();
        let ran = groups.flat_map(|group| group.ran.iter().map(move |ran| (group, ran)));
        let instances = ran.flat_map(|(group, ran)| {
            let instance = Instance {
                group: group.id.clone(),
                instance_type: group.order.instance_type.clone(),
                market: group.order.market,
                machine: Some(format!("i-{}", group.id.trim_start_matches("ig-"))),
                created_at: Some(ran.from),
                ended_at: ran.until.or(cluster.ended_at),
            };
            std::iter::repeat_n(instance, ran.count.into())
        });
        let all = instances.enumerate().filter(|_| launched.is_some());
        let marker: usize = self
            .next
            .as_deref()
            .and_then(|it| it.parse().ok())
            .unwrap_or(0);
        let mut rest = all.skip(marker).map(|(_, instance)| instance).peekable();
        let items: Vec<_> = rest.by_ref().take(INSTANCES).collect();
        let next = rest.peek().map(|_| (marker + INSTANCES).to_string());
        Ok(Page { items, next })
    }
}

/// A page of the instances of a cluster whose instances vary.
fn varying_page(state: &mut State, call: &ListInstances) -> Page<Instance> {
    let (now, eventual) = (state.now, state.settings.eventual);
    let cluster = state.clusters.get_mut(&call.id);
    let Some(varying) = cluster.and_then(|it| it.varying.as_mut()) else {
        return Page {
            items: Vec::new(),
            next: None,
        };
    };
    varying.has_been_read(now);
    let instance = |it: Machine| Instance {
        group: it.collection,
        instance_type: it.instance_type,
        market: it.market,
        machine: Some(it.id),
        created_at: Some(it.from),
        ended_at: it.until,
    };
    let all = varying.listed(now, eventual).into_iter();
    let skip_to = |it: &Machine| call.next.as_ref().is_some_and(|last| it.id != *last);
    let rest = all
        .skip_while(skip_to)
        .skip(usize::from(call.next.is_some()));
    let mut page = page(rest.map(instance), |it| {
        it.machine.clone().unwrap_or_default()
    });
    page.next = page.next.filter(|_| !page.items.is_empty());
    page
}

impl Answer for GetAutoTerminationPolicy {
    fn answer(self, state: &mut State) -> Result<Option<Span>, Refusal> {
        let cluster = state.cluster(&self.id)?;
        Ok(cluster.idle.map(|(timeout, _)| timeout))
    }
}

impl Answer for GetBlockPublicAccess {
    /// As it is in a new account.
    fn answer(self, _: &mut State) -> Result<BlockPublicAccess, Refusal> {
        let (blocks, open) = (true, vec![(22, 22)]);
        Ok(BlockPublicAccess { blocks, open })
    }
}

impl Answer for ListReleaseLabels {
    fn answer(self, _: &mut State) -> Result<Page<String>, Refusal> {
        let sevens = (0..=NEWEST_MINOR)
            .rev()
            .map(|minor| format!("emr-7.{minor}.0"));
        let labels = ["emr-spark-8.0.0".to_owned()].into_iter().chain(sevens);
        let labels = labels.chain(["emr-6.15.0".to_owned()]);
        let marker = self.next.unwrap_or_default();
        let labels = labels.skip_while(|label| !marker.is_empty() && *label != marker);
        let labels = labels.skip(usize::from(!marker.is_empty()));
        let wanted = labels.filter(|label| label.starts_with(&self.prefix));
        Ok(page(wanted, String::clone))
    }
}
