//! From what EMR says to a cluster as planning knows it.

use super::errors::Doing;
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

/// EMR takes 5 to 20 minutes to end a cluster and let its machines go (EMR Management Guide,
/// "Terminate a cluster").
pub const ENDING: Span = Span::from_secs(20 * 60);

/// What a cluster's tags have room for.
pub(super) const MOST_EXTENSIONS: usize = 8;

impl<A: Api> Account<A> {
    /// A cluster by its id; none where EMR no longer knows it, or where it is not the stack's.
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
            groups = listed.doing(|| format!("list the instance groups of {id}"))?;
            idle = Some(policy.doing(|| format!("read the idle policy of {id}"))?);
        }
        let schedule = self.scheduled(id, cluster.state.is_live()).await;
        let machines = self.machines(&cluster).await;
        let seen = ObservedCluster {
            cluster,
            groups,
            idle,
            schedule,
            machines,
        };
        let now = self.settings.clock.now();
        let told = told(stack, &seen, steps?, &self.seen.borrow(), now);
        let Some(told) = told else {
            return unreadable(&seen.cluster);
        };
        let mut known = self.seen.borrow_mut();
        known.clusters.insert(told.id.clone(), seen);
        Ok(Some(told))
    }

    /// Whether a cluster is the stack's: a name alone, which anybody may give, is not enough.
    fn is_of(&self, stack: &StackName, cluster: &emr::Cluster) -> bool {
        let named = names::of_cluster(&cluster.name).is_some_and(|(of, _)| of == *stack);
        let tagged = cluster
            .tags
            .get(names::STACK)
            .is_some_and(|of| of == stack.as_str());
        let seen = self.seen.borrow();
        let noted = || seen.noted(&cluster.id).is_some();
        let trusts = || seen.trusts_tags(stack, &cluster.id, &cluster.name);
        named && (noted() || tagged && trusts())
    }

    /// A cluster that was seen before, with its state and its steps' as they are now.
    pub(super) async fn step_states(&self, id: &ClusterId) -> Result<Option<Cluster>, CloudError> {
        let (described, steps) = tokio::join!(self.describe(id.as_str()), self.steps(id.as_str()));
        let (Some(cluster), steps) = (described?, steps?) else {
            return Ok(None);
        };
        if let Some(seen) = self.seen.borrow_mut().clusters.get_mut(id) {
            seen.cluster = cluster;
        }
        let (all, now) = (self.seen.borrow(), self.settings.clock.now());
        let told = all.clusters.get(id).and_then(|seen| {
            let (stack, _) = names::of_cluster(&seen.cluster.name)?;
            told(&stack, seen, steps, &all, now)
        });
        Ok(told)
    }

    /// A cluster as it was seen last, without its steps.
    pub(super) fn told_again(&self, id: &ClusterId) -> Option<Cluster> {
        let (all, now) = (self.seen.borrow(), self.settings.clock.now());
        let seen = all.clusters.get(id)?;
        let (stack, _) = names::of_cluster(&seen.cluster.name)?;
        told(&stack, seen, Vec::new(), &all, now)
    }

    /// None where EMR no longer knows it.
    pub(super) async fn describe(&self, id: &str) -> Result<Option<emr::Cluster>, CloudError> {
        match self.api.serve(DescribeCluster { id: id.to_owned() }).await {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            reply => Ok(Some(reply.doing(|| format!("look at cluster {id}"))?)),
        }
    }

    /// All steps, the oldest first; none of a cluster that EMR does not know.
    pub(super) async fn steps(&self, id: &str) -> Result<Vec<emr::Step>, CloudError> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let call = ListSteps {
                id: id.to_owned(),
                next,
            };
            let page = match self.api.serve(call).await {
                Err(error) if error.kind == Kind::NotFound => return Ok(all),
                page => page.doing(|| format!("list the steps of {id}"))?,
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

/// A living cluster that cannot be read must not be taken for none.
fn unreadable(cluster: &emr::Cluster) -> Result<Option<Cluster>, CloudError> {
    if cluster.state.is_over() {
        return Ok(None);
    }
    let message = format!(
        "cluster {} lives and what EMR says of it cannot be read",
        cluster.id
    );
    Err(CloudError::new(Class::Failed, message).hint(format!(
        "end it by hand: aws emr terminate-clusters --cluster-ids {}",
        cluster.id
    )))
}

pub(super) fn told(
    stack: &StackName,
    seen: &ObservedCluster,
    steps: Vec<emr::Step>,
    all: &LastObservation,
    now: DateTime<Utc>,
) -> Option<Cluster> {
    let emr::Cluster { id, state, .. } = &seen.cluster;
    let (state, cluster) = (*state, &seen.cluster);
    let mut drift = Vec::new();
    let mut spec = spec::read(&cluster.tags);
    if spec.is_none() {
        drift.push("its tags were changed by somebody else".to_owned());
        spec = bare(stack, seen, all);
    }
    let mut spec = spec?;
    spec.label = Some(cluster.release.clone());
    count(&mut spec, seen);
    if state.is_live() {
        drift.extend(drifted(&mut spec, seen));
    }
    let tag = |key: &str| cluster.tags.get(key);
    let sizes = tag(SIZES).and_then(|text| text.parse::<Sizes>().ok());
    let sizes = sizes.unwrap_or_else(|| Sizes::of(&spec.groups));
    let by_sizes = || sizes.instance_spans(&spec.groups, cluster.created_at, cluster.ended_at);
    let id: ClusterId = id.parse().ok()?;
    let mut told = Cluster {
        instance_spans: seen.machines.clone().unwrap_or_else(by_sizes),
        estimated: seen.machines.is_none() && machines::in_doubt(cluster, now),
        state,
        ready_at: cluster.ready_at,
        ended_at: cluster.ended_at,
        steps: steps.into_iter().filter_map(step).collect(),
        owner: tag(OWNER).map(|owner| owner.as_str().into()),
        extensions: (0..MOST_EXTENSIONS)
            .filter_map(|number| tag(&names::extended(number))?.parse().ok())
            .collect(),
        renewed_at: all.followed(&id),
        drift,
        ..Cluster::new(id, stack.clone(), spec, cluster.created_at)
    };
    told.end = ended::end(cluster, &told, &sizes, now);
    if state.is_live() {
        let flaw = all.flaw(stack, told.id.as_str(), &cluster.name);
        told.drift.extend(flaw.map(str::to_owned));
        told.drift.extend(safeguard_state::drift(&told, seen, now));
        told.safeguards = safeguard_state::of(&told, seen, all.left(&told.id), now);
    } else if let Scheduled::There(schedule) = &seen.schedule {
        let left = "it is left of a cluster that is over";
        told.safeguards = vec![Safeguard::armed(
            SafeguardKind::Schedule,
            Some(schedule.at),
            left,
        )];
    }
    Some(told)
}

/// What EMR itself can say of a cluster whose tags do not tell.
fn bare(
    stack: &StackName,
    seen: &ObservedCluster,
    groups: &LastObservation,
) -> Option<ClusterSpec> {
    let group = |role: Role| {
        let group = seen.groups.iter().find(|group| group.role == role)?;
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
    let cluster = &seen.cluster;
    let mut guardrails = Guardrails::default();
    if let Some(told) = safeguard_state::told(&cluster.tags) {
        // It was told by all of its guardrails, the budget too: what holds it to that stays.
        let late = u64::try_from(safeguard_state::LATE.num_seconds()).unwrap_or(0);
        guardrails.max_lifetime = Span::from_secs(told.saturating_sub(late));
    }
    let groups = InstanceGroups {
        // Only ended clusters have no groups to look at, and nobody compares these.
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
        // Which are the user's, nobody can tell now.
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

/// The counts are EMR's, whatever they were when the cluster was made.
fn count(spec: &mut ClusterSpec, seen: &ObservedCluster) {
    let set = |of: &mut Option<InstanceGroup>, role: Role| {
        if let (Some(of), Some(group)) = (of, seen.groups.iter().find(|g| g.role == role)) {
            of.nodes.count = group.requested;
        }
    };
    set(&mut spec.groups.core, Role::Core);
    set(&mut spec.groups.task, Role::Task);
    spec.size = spec.groups.size();
}

/// What somebody else changed of a living cluster's guards.
fn drifted(spec: &mut ClusterSpec, seen: &ObservedCluster) -> Vec<String> {
    let mut drift = Vec::new();
    match seen.idle {
        Some(None) if has_idle_policy(&seen.cluster.release) => {
            drift.push("its idle policy was removed".to_owned());
        }
        Some(Some(idle)) => spec.guardrails.idle_timeout = idle,
        Some(None) | None => {}
    }
    let keeps = spec.guardrails.when_done == WhenDone::Keep;
    if seen.cluster.keep_alive != keeps {
        let now = if seen.cluster.keep_alive {
            "stays"
        } else {
            "ends"
        };
        drift.push(format!("it {now} when its steps are over"));
    }
    if seen.cluster.protected {
        drift.push("its termination protection is on".to_owned());
    }
    if seen.cluster.step_concurrency != 1 {
        let concurrency = seen.cluster.step_concurrency;
        drift.push(format!("it runs {concurrency} steps at once"));
    }
    drift
}

/// A step; somebody else's under the name that it has, of no job.
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
