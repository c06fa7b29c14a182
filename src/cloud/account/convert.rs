//! Converts EMR's description of a cluster into the model's.

use super::errors::Context;
use super::last_observation::{LastObservation, ObservedCluster, Scheduled};
use super::names::{self, OWNER, SIZES};
use super::{Account, ended, machines, safeguard_state, spec};
use crate::cloud::api::emr::{
    self, DescribeCluster, GetAutoTerminationPolicy, ListInstanceGroups, ListSteps, Role,
};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{Class, CloudError};
use crate::model::desired::{ClusterSpec, InstanceGroups, Worker};
use crate::model::instance::Nodes;
use crate::model::memory::Memory;
use crate::model::name::{ClusterId, JobHash, StackName};
use crate::model::observed::{Cluster, Step};
use crate::model::release::has_idle_policy;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::sizes::Sizes;
use crate::model::span::Span;
use crate::model::stack::{Guardrails, InstanceGroup, WhenDone};
use chrono::{DateTime, Utc};

/// EMR takes 5 to 20 minutes to end a cluster and release its instances (EMR Management Guide,
/// "Terminate a cluster").
pub const ENDING: Span = Span::from_secs(20 * 60);

/// How many extensions a cluster's tags have room for.
pub(super) const MAX_EXTENSIONS: usize = 8;

impl<A: Api> Account<A> {
    /// Reads a cluster; `None` if EMR does not know it, or if it is not the stack's.
    pub(super) async fn cluster(
        &self,
        stack: &StackName,
        id: &str,
    ) -> Result<Option<Cluster>, CloudError> {
        let (described, steps) = tokio::join!(self.describe(id), self.steps(id));
        let Some(cluster) = described? else {
            return Ok(None);
        };
        if !self.is_of(stack, &cluster) {
            return Ok(None);
        }
        let (mut groups, mut idle) = (Vec::new(), None);
        if cluster.state.is_live() {
            let of = |id: &str| id.to_owned();
            let (listed, policy) = tokio::join!(
                self.api.serve(ListInstanceGroups { id: of(id) }),
                self.api.serve(GetAutoTerminationPolicy { id: of(id) }),
            );
            groups = listed.with_context(|| format!("list the instance groups of {id}"))?;
            idle = Some(policy.with_context(|| format!("read the idle policy of {id}"))?);
        }
        let schedule = self.scheduled(id, cluster.state.is_live()).await;
        let machines = self.machines(&cluster).await;
        let observed = ObservedCluster {
            cluster,
            groups,
            idle,
            schedule,
            machines,
        };
        let now = self.settings.clock.now();
        let converted = to_cluster(stack, &observed, steps?, &self.observed.borrow(), now);
        let Some(converted) = converted else {
            return unreadable(&observed.cluster);
        };
        let mut known = self.observed.borrow_mut();
        known.clusters.insert(converted.id.clone(), observed);
        Ok(Some(converted))
    }

    /// Whether a cluster belongs to the stack. Its name alone is not enough: anybody may choose it.
    fn is_of(&self, stack: &StackName, cluster: &emr::Cluster) -> bool {
        let named = names::of_cluster(&cluster.name).is_some_and(|(of, _)| of == *stack);
        let tagged = cluster
            .tags
            .get(names::STACK)
            .is_some_and(|of| of == stack.as_str());
        let observed = self.observed.borrow();
        let noted = || observed.noted(&cluster.id).is_some();
        let trusts = || observed.trusts_tags(stack, &cluster.id, &cluster.name);
        named && (noted() || tagged && trusts())
    }

    /// Reads the present state of an observed cluster and its steps.
    pub(super) async fn step_states(&self, id: &ClusterId) -> Result<Option<Cluster>, CloudError> {
        let (described, steps) = tokio::join!(self.describe(id.as_str()), self.steps(id.as_str()));
        let (Some(cluster), steps) = (described?, steps?) else {
            return Ok(None);
        };
        if let Some(observed) = self.observed.borrow_mut().clusters.get_mut(id) {
            observed.cluster = cluster;
        }
        let (all, now) = (self.observed.borrow(), self.settings.clock.now());
        let converted = all.clusters.get(id).and_then(|observed| {
            let (stack, _) = names::of_cluster(&observed.cluster.name)?;
            to_cluster(&stack, observed, steps, &all, now)
        });
        Ok(converted)
    }

    /// A cluster as of the last observation, without its steps.
    pub(super) fn last_observed(&self, id: &ClusterId) -> Option<Cluster> {
        let (all, now) = (self.observed.borrow(), self.settings.clock.now());
        let observed = all.clusters.get(id)?;
        let (stack, _) = names::of_cluster(&observed.cluster.name)?;
        to_cluster(&stack, observed, Vec::new(), &all, now)
    }

    /// Describes a cluster; `None` if EMR does not know it.
    pub(super) async fn describe(&self, id: &str) -> Result<Option<emr::Cluster>, CloudError> {
        match self.api.serve(DescribeCluster { id: id.to_owned() }).await {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            reply => Ok(Some(
                reply.with_context(|| format!("look at cluster {id}"))?,
            )),
        }
    }

    /// Lists all steps, oldest first; none if EMR does not know the cluster.
    pub(super) async fn steps(&self, id: &str) -> Result<Vec<emr::Step>, CloudError> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let call = ListSteps {
                id: id.to_owned(),
                next,
            };
            let page = match self.api.serve(call).await {
                Err(error) if error.kind == Kind::NotFound => return Ok(all),
                page => page.with_context(|| format!("list the steps of {id}"))?,
            };
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                all.reverse();
                return Ok(all);
            }
        }
    }
}

/// A live cluster that cannot be read is an error, so that it is not taken for a missing one.
fn unreadable(cluster: &emr::Cluster) -> Result<Option<Cluster>, CloudError> {
    if cluster.state.is_over() {
        return Ok(None);
    }
    let message = format!(
        "cluster {} is running, and EMR's description of it cannot be read",
        cluster.id
    );
    Err(CloudError::new(Class::Failed, message).hint(format!(
        "end it yourself: aws emr terminate-clusters --cluster-ids {}",
        cluster.id
    )))
}

/// Converts a description; `None` if it lacks what a cluster must have.
pub(super) fn to_cluster(
    stack: &StackName,
    observed: &ObservedCluster,
    steps: Vec<emr::Step>,
    all: &LastObservation,
    now: DateTime<Utc>,
) -> Option<Cluster> {
    let emr::Cluster { id, state, .. } = &observed.cluster;
    let (state, cluster) = (*state, &observed.cluster);
    let mut drift = Vec::new();
    let mut spec = spec::read(&cluster.tags);
    if spec.is_none() {
        drift.push("its tags were changed by somebody else".to_owned());
        spec = bare(stack, observed, all);
    }
    let mut spec = spec?;
    spec.label = Some(cluster.release.clone());
    count(&mut spec, observed);
    if state.is_live() {
        drift.extend(drifted(&mut spec, observed));
    }
    let tag = |key: &str| cluster.tags.get(key);
    let sizes = tag(SIZES).and_then(|text| text.parse::<Sizes>().ok());
    let sizes = sizes.unwrap_or_else(|| Sizes::of(&spec.groups));
    let by_sizes = || sizes.instance_spans(&spec.groups, cluster.created_at, cluster.ended_at);
    let id: ClusterId = id.parse().ok()?;
    let mut converted = Cluster {
        instance_spans: observed.machines.clone().unwrap_or_else(by_sizes),
        estimated: observed.machines.is_none() && machines::must_list_machines(cluster, now),
        state,
        ready_at: cluster.ready_at,
        ended_at: cluster.ended_at,
        steps: steps.into_iter().filter_map(step).collect(),
        owner: tag(OWNER).map(|owner| owner.as_str().into()),
        extensions: (0..MAX_EXTENSIONS)
            .filter_map(|number| tag(&names::extended(number))?.parse().ok())
            .collect(),
        renewed_at: all.followed(&id),
        drift,
        ..Cluster::new(id, stack.clone(), spec, cluster.created_at)
    };
    converted.end = ended::end(cluster, &converted, &sizes, now);
    if state.is_live() {
        let flaw = all.flaw(stack, converted.id.as_str(), &cluster.name);
        converted.drift.extend(flaw.map(str::to_owned));
        converted
            .drift
            .extend(safeguard_state::drift(&converted, observed, now));
        converted.safeguards =
            safeguard_state::assess(&converted, observed, all.left(&converted.id), now);
    } else if let Scheduled::There(schedule) = &observed.schedule {
        let left = "it is left of a cluster that is over";
        converted.safeguards = vec![Safeguard::armed(
            SafeguardKind::Schedule,
            Some(schedule.at),
            left,
        )];
    }
    Some(converted)
}

/// What EMR itself reports of a cluster whose spec cannot be read from its tags.
fn bare(
    stack: &StackName,
    observed: &ObservedCluster,
    groups: &LastObservation,
) -> Option<ClusterSpec> {
    let group = |role: Role| {
        let group = observed.groups.iter().find(|group| group.role == role)?;
        let nodes = Nodes {
            count: group.requested,
            instance_type: group.instance_type.parse().ok()?,
        };
        let (market, ebs) = (group.market, None);
        Some(InstanceGroup { nodes, market, ebs })
    };
    let prefix = names::ec2(stack, "");
    let named = |name: &String| name.strip_prefix(&prefix)?.parse().ok();
    let of_id = |id: &String| {
        let mut all = groups.groups.iter();
        all.find(|(_, group)| group.id == *id)
            .map(|(name, _)| name.clone())
    };
    let cluster = &observed.cluster;
    let mut guardrails = Guardrails::default();
    if let Some(converted) = safeguard_state::requested_power_off(&cluster.tags) {
        // The limit was computed from all guardrails, including the budget, and stays in force.
        let late = u64::try_from(safeguard_state::POWER_OFF_DELAY.num_seconds()).unwrap_or(0);
        guardrails.max_lifetime = Span::from_secs(converted.saturating_sub(late));
    }
    let groups = InstanceGroups {
        // Only ended clusters have no groups here, and theirs are not compared.
        primary: match group(Role::Primary) {
            Some(primary) => primary,
            None => InstanceGroups::single("m5.xlarge".parse().ok()?).primary,
        },
        core: group(Role::Core),
        task: group(Role::Task),
    };
    Some(ClusterSpec {
        release: cluster.release.parse().ok()?,
        label: None,
        team: None,
        // The user's tags cannot be told from others now.
        tags: Default::default(),
        size: groups.size(),
        groups,
        workers: 1,
        worker: Worker {
            memory: Memory::from_mib(0),
            cores: 0,
        },
        key_pair: cluster.key_pair.as_ref().and_then(named),
        security_groups: cluster.security_groups.iter().filter_map(of_id).collect(),
        emr: cluster.settings.clone(),
        python_packages: Vec::new(),
        guardrails,
        rates: None,
        ending: ENDING,
        overridden: None,
        budgets: Vec::new(),
    })
}

/// Replaces the counts by EMR's present ones.
fn count(spec: &mut ClusterSpec, observed: &ObservedCluster) {
    let set = |of: &mut Option<InstanceGroup>, role: Role| {
        if let (Some(of), Some(group)) = (of, observed.groups.iter().find(|g| g.role == role)) {
            of.nodes.count = group.requested;
        }
    };
    set(&mut spec.groups.core, Role::Core);
    set(&mut spec.groups.task, Role::Task);
    spec.size = spec.groups.size();
}

/// Changes of a live cluster's guardrails that somebody else made.
fn drifted(spec: &mut ClusterSpec, observed: &ObservedCluster) -> Vec<String> {
    let mut drift = Vec::new();
    match observed.idle {
        Some(None) if has_idle_policy(&observed.cluster.release) => {
            drift.push("its idle policy was removed".to_owned());
        }
        Some(Some(idle)) => spec.guardrails.idle_timeout = idle,
        Some(None) | None => {}
    }
    let keeps = spec.guardrails.when_done == WhenDone::Keep;
    if observed.cluster.keep_alive != keeps {
        let now = if observed.cluster.keep_alive {
            "stays"
        } else {
            "ends"
        };
        drift.push(format!("it {now} when its steps are over"));
    }
    if observed.cluster.protected {
        drift.push("its termination protection is on".to_owned());
    }
    if observed.cluster.step_concurrency != 1 {
        let concurrency = observed.cluster.step_concurrency;
        drift.push(format!("it runs {concurrency} steps at once"));
    }
    drift
}

/// Converts a step. A step that clusterup did not create gets an all-zero job.
pub(super) fn step(step: emr::Step) -> Option<Step> {
    let ours = names::of_step(&step.name);
    let (name, job, run) = match ours {
        Some(ours) => ours,
        None => {
            let name = step.name.parse().or_else(|_| step.id.parse()).ok()?;
            (name, "0000000000000000".parse::<JobHash>().ok()?, 0)
        }
    };
    let failure = step.failure.map(|failure| {
        let parts = [failure.reason, failure.message, failure.log_file];
        let parts: Vec<String> = parts
            .into_iter()
            .flatten()
            .filter(|p| !p.is_empty())
            .collect();
        parts.join("\n")
    });
    Some(Step {
        name,
        job,
        run,
        state: step.state,
        started_at: step.started_at,
        ended_at: step.ended_at,
        ui: None,
        failure: failure.filter(|failure| !failure.is_empty()),
    })
}
